import type { AccountsConfig } from '../../guard/config-accounts.ts';
import { MIN_PASSWORD } from '../accounts/account.ts';
import { escapeHtml as html } from '../page-parts.ts';
import type { AccountTexts } from './texts.ts';

/** What a person may change, by what the configuration allows. */
export function accountSections(accounts: AccountsConfig, say: AccountTexts): string {
  return `<div id="account" hidden>
${accounts.passkeys === false ? '' : passkeys(say)}
${accounts.secondFactor === false ? '' : secondFactor(say)}
${password(say, accounts.passwordLength ?? MIN_PASSWORD)}
${accounts.sendVerification === undefined ? '' : email(say)}
</div>`;
}

/** A part of the page, with a line of its own for what came of an action. */
const section = (name: string, title: string, body: string): string => `<section aria-labelledby="${name}-title">
<h2 id="${name}-title" tabindex="-1">${html(title)}</h2>
${body}
<p class="said" id="${name}-said" role="status"></p>
</section>`;

const submit = (text: string): string => `<button type="submit">${html(text)}</button>`;

const passwordField = (id: string, name: string, label: string): string => `<label for="${id}">${html(label)}</label>
<input id="${id}" name="${name}" type="password" autocomplete="current-password" required>`;

const codeField = (id: string, label: string, hint: string): string => `<label for="${id}">${html(label)}</label>
<input id="${id}" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"${hint === '' ? '' : ` aria-describedby="${id}-hint"`} required>
${hint === '' ? '' : `<p class="hint" id="${id}-hint">${html(hint)}</p>`}`;

const passkeys = (say: AccountTexts): string =>
  section(
    'passkeys',
    say.passkeys,
    `<p class="hint">${html(say.passkeysHint)}</p>
<p id="no-passkeys" hidden>${html(say.noPasskeys)}</p>
<ul id="passkey-list" aria-labelledby="passkeys-title"></ul>
<form id="passkey-add" method="post" hidden>
<label for="passkey-label">${html(say.passkeyName)}</label>
<input id="passkey-label" name="label" maxlength="64" autocomplete="off" required>
${submit(say.passkeyAdd)}
</form>`,
  );

const secondFactor = (say: AccountTexts): string =>
  section(
    'factor',
    say.factor,
    `<p id="factor-state"></p>
<form id="factor-begin" method="post" hidden>
<div data-password>${passwordField('factor-password', 'password', say.password)}</div>
${submit(say.factorBegin)}
</form>
<div id="factor-new" hidden>
<p>${html(say.factorScan)}</p>
<p class="key" id="factor-key"></p>
<div id="factor-picture"></div>
<p><a id="factor-link" href="#factor-key">${html(say.factorOpen)}</a></p>
</div>
<div id="codes" hidden>
<h3>${html(say.codes)}</h3>
<p class="hint">${html(say.codesHint)}</p>
<ul class="codes" id="code-list"></ul>
</div>
<form id="factor-confirm" method="post" hidden>
${codeField('factor-code', say.factorCode, '')}
${submit(say.confirm)}
</form>
<form id="factor-change" method="post" hidden>
<div data-password>${passwordField('change-password', 'password', say.password)}</div>
${codeField('change-code', say.code, say.codeHint)}
<button type="submit" name="act" value="backupCodes">${html(say.codesNew)}</button>
<button type="submit" class="plain" name="act" value="remove">${html(say.factorRemove)}</button>
</form>`,
  );

const password = (say: AccountTexts, least: number): string =>
  `<div data-password>${section(
    'password',
    say.passwordTitle,
    `<form id="password" method="post">
<input name="username" autocomplete="username" hidden>
${passwordField('current', 'current', say.passwordNow)}
<label for="next">${html(say.newPassword)}</label>
<input id="next" name="next" type="password" autocomplete="new-password" aria-describedby="next-hint" required>
<p class="hint" id="next-hint">${html(say.passwordHint.replace('{count}', String(least)))}</p>
${submit(say.passwordTitle)}
</form>`,
  )}</div>`;

const email = (say: AccountTexts): string =>
  section(
    'email',
    say.email,
    `<p id="email-now"></p>
<form id="email" method="post">
<label for="email-new">${html(say.emailNew)}</label>
<input id="email-new" name="email" type="email" autocomplete="email" required>
${submit(say.sendLink)}
</form>`,
  );

export const sessionsSection = (say: AccountTexts): string =>
  section(
    'sessions',
    say.sessions,
    `<ul id="session-list" aria-labelledby="sessions-title"></ul>
<form id="sessions" method="post" hidden>${submit(say.sessionOthers)}</form>`,
  );

export const logOutForm = (say: AccountTexts): string =>
  `<section><form id="logout" method="post"><button type="submit">${html(say.logOut)}</button></form></section>`;

/** Where what was asked for needs a login that is recent: in place, and it goes on from there. */
export const againDialog = (accounts: AccountsConfig, say: AccountTexts): string =>
  `<dialog id="again" aria-labelledby="again-title" aria-describedby="again-hint">
<h2 id="again-title">${html(say.again)}</h2>
<p id="again-hint">${html(say.againHint)}</p>
<form id="again-form" method="post">
<div data-password>${passwordField('again-password', 'password', say.password)}</div>
<div data-code hidden>${codeField('again-code', say.code, say.codeHint)}</div>
<p class="said" id="again-said" role="status"></p>
<div data-password>${submit(say.confirm)}</div>
${accounts.passkeys === false ? '' : `<button type="button" id="again-passkey" hidden>${html(say.againPasskey)}</button>`}
<button type="button" class="quiet" id="again-cancel">${html(say.cancel)}</button>
</form>
</dialog>`;
