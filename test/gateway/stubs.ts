import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { RequestView } from '../../src/guard/view.ts';
import type { PageGuard } from '../../src/gateway/page.ts';
import { type Sketch, viewOf } from '../support/view.ts';

export const HASH = '0123456789abcdef';
export const TAG = `<script src="/_sallyport/s.${HASH}.js"></script>`;
export const STAMP = '__Host-sallyport-stamp=sealed; Path=/; Secure; HttpOnly; SameSite=Lax';

/** A guard as pages see it: real policy, made-up script and stamp. */
export function pageGuard(config: Config = {}, hash = HASH): PageGuard {
  return {
    policy: compilePolicy({ to: 'http://localhost:3000', listen: '127.0.0.1:4000', ...config }),
    scriptHash: hash,
    scriptTag: (nonce) => {
      const tag = `<script src="/_sallyport/s.${hash}.js"></script>`;
      return nonce === '' ? tag : tag.replace('<script', `<script nonce="${nonce}"`);
    },
    stampFor: (_view, cacheControl) => (/private|no-cache|no-store|max-age=0/.test(cacheControl) ? STAMP : null),
    workerScript: { url: `/_sallyport/s.${hash}.js`, text: '(()=>{self.wrapped=true})()' },
  };
}

/** A decision that admits, with what a test says of it. */
export function decisionOf(
  guard: Pick<PageGuard, 'policy'>,
  view: RequestView,
  changes: Partial<Decision> = {},
): Decision {
  return {
    outcome: 'admit',
    id: 'AAAABBBBCCCCDDDD',
    code: '',
    layer: '',
    route: guard.policy.match(view.method, view.path, view.folded),
    carrier: 'call',
    level: 'open',
    client: '',
    session: '',
    subject: null,
    key: null,
    relay: '',
    prefix: '192.0.2.7',
    address: '192.0.2.7',
    secure: false,
    authority: 'localhost:4000',
    trail: [],
    answer: null,
    responseFields: [],
    streamDigest: null,
    body: null,
    retryAfter: 0,
    proof: null,
    ...changes,
  };
}

/** What a browser sends when somebody opens a page. */
export function navigation(target = '/', headers: Record<string, string> = {}): RequestView {
  const sketch: Sketch = {
    target,
    headers: {
      accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      'accept-encoding': 'gzip, deflate, br, zstd',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'none',
      ...headers,
    },
  };
  return viewOf(sketch);
}
