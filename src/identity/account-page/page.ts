import type { AccountsConfig } from '../../guard/config-accounts.ts';
import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import type { Policy } from '../../guard/policy.ts';
import { languageFor, type PageLanguage } from '../accounts/page-texts.ts';
import { escapeHtml, fieldOf, LATEST, PAGE_FIELDS, STYLE_FIELDS } from '../page-parts.ts';
import { accountSections, againDialog, logOutForm, sessionsSection } from './sections.ts';
import { ACCOUNT_STYLE } from './style.ts';
import { accountTexts } from './texts.ts';

export interface AccountPageParts {
  readonly policy: () => Policy;
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
}

/**
 * `GET {mount}/account`: where a person sees and changes how they log in, and their sessions. The page itself holds
 * nothing personal: its script asks for that by signed calls, to the addresses that an app's own page would ask.
 */
export function createAccountPage({ policy, scriptTag }: AccountPageParts): readonly Endpoint[] {
  function answer(call: EndpointCall): Answer {
    const language = languageFor(fieldOf(call, 'accept-language'));
    return { status: 200, fields: PAGE_FIELDS, body: render(policy(), scriptTag(), language) };
  }
  const style: Answer = { status: 200, fields: STYLE_FIELDS, body: ACCOUNT_STYLE };
  return [
    { method: 'GET', path: '/account', asks: 'open', maxBody: 0, answer },
    { method: 'GET', path: '/account.css', asks: 'open', maxBody: 0, answer: () => style },
  ];
}

/** What the gate's own accounts allow; null where it keeps none. */
function accountsOf({ config: { login } }: Policy): AccountsConfig | null {
  const { accounts = null } = login ?? {};
  return accounts === true ? {} : accounts;
}

function render(policy: Policy, scriptTag: string, language: PageLanguage): string {
  const { mount } = policy;
  const accounts = accountsOf(policy);
  const say = accountTexts(language);
  const back = encodeURIComponent(`${mount}/account`);
  const places = Object.entries(policy.config.login?.providers ?? {}).map(([name, { label = name }]) => ({
    address: `${mount}/login/${name}?return=${back}`,
    label: say.logInWith.replace('{name}', label),
  }));
  if (accounts !== null) places.unshift({ address: `${mount}/login?return=${back}`, label: say.logIn });
  const links = places.map(
    ({ address, label }) => `<a class="button" href="${escapeHtml(address)}">${escapeHtml(label)}</a>`,
  );
  return `<!doctype html>
<html lang="${language}"><head>${scriptTag}<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(say.title)}</title><link rel="stylesheet" href="${mount}/account.css">
<script type="module" src="${mount}/account-page.${LATEST}.js"></script></head>
<body><main data-mount="${mount}" data-texts="${escapeHtml(JSON.stringify(say))}">
<h1>${escapeHtml(say.title)}</h1>
<p id="message" role="status"></p>
<noscript><p>${escapeHtml(say.needScript)}</p></noscript>
<div id="nobody" hidden><p>${escapeHtml(say.nobody)}</p>${links.join('\n')}</div>
<div id="somebody" hidden>
${accounts === null ? '' : accountSections(accounts, say)}
${sessionsSection(say)}
${logOutForm(say)}
</div>
${accounts === null ? '' : againDialog(accounts, say)}
</main></body></html>
`;
}
