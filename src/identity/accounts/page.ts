import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { escapeHtml, fieldOf, LATEST, PAGE_FIELDS, STYLE_FIELDS } from '../page-parts.ts';
import { readReturnUrl } from '../return-url.ts';
import { MIN_PASSWORD } from './account.ts';
import { ownOrigin, problemFor } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { PAGE_STYLE } from './page-style.ts';
import { languageFor, PAGE_TEXTS, type PageTexts } from './page-texts.ts';

/**
 * `GET {mount}/login?return=/path`: the login page. One form, plain HTML, works by keyboard and screen reader; two scripts
 * of our own, none inline. A configuration that names a page of its own sends people there.
 */
export function createPage(context: AccountsContext): Endpoint[] {
  const { policy, clock } = context;
  function answer(call: EndpointCall): Answer {
    const { mount, config } = policy();
    const origin = ownOrigin(context, call);
    const asked = new URLSearchParams(call.request.query).get('return');
    const returnTo = origin === null ? null : readReturnUrl(asked, origin, config.login?.returnTo ?? []);
    if (returnTo === null) return problemFor(call, mount, 'target', clock.wall());
    const page = config.login?.page;
    if (page !== undefined)
      return seeOther(`${page}${page.includes('?') ? '&' : '?'}return=${encodeURIComponent(returnTo)}`);
    const language = languageFor(fieldOf(call, 'accept-language'));
    return { status: 200, fields: PAGE_FIELDS, body: render(context, mount, language, returnTo) };
  }
  const style: Answer = {
    status: 200,
    fields: STYLE_FIELDS,
    body: PAGE_STYLE,
  };
  return [
    { method: 'GET', path: '/login', asks: 'open', maxBody: 0, answer },
    { method: 'GET', path: '/login.css', asks: 'open', maxBody: 0, answer: () => style },
  ];
}

const seeOther = (location: string): Answer => ({
  status: 303,
  fields: ['location', location, 'cache-control', 'no-store', 'referrer-policy', 'no-referrer'],
  body: '',
});

/** What the page's script needs to know. */
type ScriptTexts = Omit<PageTexts, 'name' | 'nameOrEmail'>;

function render(context: AccountsContext, mount: string, language: keyof typeof PAGE_TEXTS, returnTo: string): string {
  const { config, scriptTag, policy } = context;
  const say: PageTexts = PAGE_TEXTS[language];
  const { name: _name, nameOrEmail: _either, ...texts } = say;
  const forScript: ScriptTexts = texts;
  const providers = Object.entries(policy().config.login?.providers ?? {}).map(([name, { label }]) => {
    const address = `${mount}/login/${name}?return=${encodeURIComponent(returnTo)}`;
    return `<a class="button" href="${escapeHtml(address)}">${escapeHtml(say.logInWith.replace('{name}', label ?? name))}</a>`;
  });
  const hint = escapeHtml(say.passwordHint.replace('{count}', String(config.passwordLength ?? MIN_PASSWORD)));
  const verified = config.email === 'verified';
  const button = (text: string): string => `<button type="submit">${escapeHtml(text)}</button>`;
  const quiet = (view: string, text: string): string =>
    `<button type="button" class="quiet" data-view="${view}">${escapeHtml(text)}</button>`;
  const newPassword = (id: string, text: string): string => `<label for="${id}">${escapeHtml(text)}</label>
<input id="${id}" name="password" type="password" autocomplete="new-password" aria-describedby="${id}-hint" required>
<p class="hint" id="${id}-hint">${hint}</p>`;
  return `<!doctype html>
<html lang="${language}"><head>${scriptTag()}<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(say.title)}</title><link rel="stylesheet" href="${mount}/login.css">
<script type="module" src="${mount}/login.${LATEST}.js"></script></head>
<body><main data-mount="${mount}" data-return="${escapeHtml(returnTo)}" data-texts="${escapeHtml(JSON.stringify(forScript))}">
<h1>${escapeHtml(say.title)}</h1>
<p id="message" role="status"></p>
<noscript><p>${escapeHtml(say.needScript)}</p></noscript>
<form id="login" method="post">
<label for="name">${escapeHtml(say.nameOrEmail)}</label>
<input id="name" name="name" autocomplete="username webauthn" autocapitalize="none" spellcheck="false" required>
<label for="password">${escapeHtml(say.password)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
${button(say.logIn)}
${config.passkeys === false ? '' : `<button type="button" id="passkey" hidden>${escapeHtml(say.passkey)}</button>`}
${providers.join('\n')}
${config.sendReset === undefined ? '' : quiet('forgot', say.forgot)}
${config.signUp === 'open' ? quiet('signup', say.signUp) : ''}
</form>
<form id="factor" method="post" hidden>
<label for="code">${escapeHtml(say.code)}</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" aria-describedby="code-hint" required>
<p class="hint" id="code-hint">${escapeHtml(say.codeHint)}</p>
${button(say.confirm)}
${quiet('login', say.back)}
</form>
<form id="forgot" method="post" hidden>
<label for="forgot-name">${escapeHtml(say.nameOrEmail)}</label>
<input id="forgot-name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required>
${button(say.sendLink)}
${quiet('login', say.back)}
</form>
<form id="reset" method="post" hidden>
${newPassword('reset-password', say.newPassword)}
${button(say.save)}
</form>
<form id="signup" method="post" hidden>
<label for="signup-name">${escapeHtml(say.name)}</label>
<input id="signup-name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required>
<label for="signup-email">${escapeHtml(say.email)}</label>
<input id="signup-email" name="email" type="email" autocomplete="email"${verified ? ' required' : ''}>
${newPassword('signup-password', say.password)}
${button(say.signUp)}
${quiet('login', say.back)}
</form>
</main></body></html>
`;
}
