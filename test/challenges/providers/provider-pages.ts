import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Token } from './provider-server.ts';

/**
 * What pages load from a provider: a script that leaves the documented interface behind, and draws its widget as a frame
 * of the provider's own origin, as the real ones do.
 */
export interface ProviderPages {
  /** What a widget does once it is drawn. */
  widget: 'passes' | 'asks' | 'fails' | 'hangs';
  /** Scripts that answer 404, as behind a blocker. */
  blocked: boolean;
  /** Scripts are answered once this holds. */
  ready: Promise<void>;
  score: number;
  /** Scripts that were loaded, with their queries. */
  readonly loaded: string[];
  /** True where the request was for one of these. */
  answer(request: IncomingMessage, response: ServerResponse, text: string): boolean;
}

export const SCRIPTS = {
  turnstile: '/turnstile.js',
  hcaptcha: '/hcaptcha.js',
  recaptcha: '/recaptcha.js',
  'recaptcha-enterprise': '/enterprise.js',
};

export function createProviderPages(mint: (token: Partial<Token>) => string): ProviderPages {
  const pages: ProviderPages = {
    widget: 'asks',
    blocked: false,
    ready: Promise.resolve(),
    score: 0.9,
    loaded: [],
    answer(request, response, text) {
      const url = new URL(request.url ?? '/', 'http://provider');
      const send = (type: string, body: string) => {
        response.writeHead(200, {
          'content-type': `${type}; charset=utf-8`,
          'cross-origin-resource-policy': 'cross-origin',
        });
        response.end(body);
        return true;
      };
      if (Object.values(SCRIPTS).includes(url.pathname)) {
        pages.loaded.push(`${request.url}`);
        if (pages.blocked) {
          response.writeHead(404).end();
          return true;
        }
        void pages.ready.then(() => send('text/javascript', SCRIPT));
        return true;
      }
      if (url.pathname === '/widget') {
        const score = /recaptcha|enterprise/.test(url.searchParams.get('kind') ?? '');
        return send('text/html', widgetPage(score ? 'passes' : pages.widget));
      }
      if (url.pathname === '/task') return send('text/html', widgetPage('asks'));
      if (url.pathname === '/mint') return send('text/plain', mint({ score: pages.score, ...JSON.parse(text) }));
      return false;
    },
  };
  return pages;
}

/** One script for all four: its own name says which it is. */
const SCRIPT = `(() => {
  const url = new URL(document.currentScript.src);
  const kind = url.pathname.slice(1, -3);
  function frame(place, path, token, heard) {
    const made = document.createElement('iframe');
    made.title = 'Widget of the provider';
    made.width = 300;
    made.height = 65;
    made.src = url.origin + path + '?kind=' + kind + '#' + encodeURIComponent(JSON.stringify({ hostname: location.hostname, ...token }));
    addEventListener('message', (event) => { if (event.source === made.contentWindow) heard(event.data, made); });
    place.append(made);
    return made;
  }
  const report = (options) => (said) => {
    if (said.token) options.callback(said.token);
    if (said.needed) options['before-interactive-callback']?.();
    if (said.failed) options['error-callback']?.('300010');
  };
  const byFrame = {
    render: (place, options) => {
      const { sitekey: siteKey, action, cData: cdata } = options;
      frame(place, '/widget', { siteKey, action, cdata }, report(options));
      return 'widget-1';
    },
  };
  // The task opens over the page, beside everything else.
  const byOverlay = {
    render: (place, options) => {
      const siteKey = options.sitekey;
      frame(place, '/widget', { siteKey }, (said) => {
        if (!said.token) return report(options)(said);
        const over = document.createElement('div');
        over.id = 'task';
        Object.assign(over.style, { position: 'fixed', top: '0', left: '0', zIndex: '2147483647' });
        document.body.append(over);
        frame(over, '/task', { siteKey }, (done) => {
          if (!done.token) return;
          over.remove();
          report(options)(done);
        });
      });
      return 'widget-1';
    },
  };
  const byScore = {
    ready: (run) => run(),
    execute: (siteKey, { action }) => new Promise((resolve) => {
      const made = frame(document.body, '/widget', { siteKey, action }, (said) => {
        if (!said.token) return;
        made.remove();
        resolve(said.token);
      });
    }),
  };
  if (kind === 'turnstile') window.turnstile = byFrame;
  if (kind === 'hcaptcha') window.hcaptcha = byOverlay;
  if (kind === 'recaptcha') window.grecaptcha = byScore;
  if (kind === 'enterprise') window.grecaptcha = { enterprise: byScore };
  window[url.searchParams.get('onload')]?.();
})();`;

const widgetPage = (does: ProviderPages['widget']) => `<!doctype html><html lang="en"><title>Widget</title>
<body><button>I am a person</button><script>
  const say = (said) => parent.postMessage(said, '*');
  const give = async () => {
    const body = decodeURIComponent(location.hash.slice(1));
    say({ token: await (await fetch('/mint', { method: 'POST', body })).text() });
  };
  document.querySelector('button').onclick = give;
  const does = ${JSON.stringify(does)};
  if (does === 'passes') give();
  if (does === 'asks') say({ needed: true });
  if (does === 'fails') say({ failed: true });
</script></body></html>`;
