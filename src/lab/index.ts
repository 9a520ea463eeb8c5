import { budgetDrain } from './attackers/budget-drain.ts';
import { enumerateIds } from './attackers/enumerate-ids.ts';
import { farmSessions } from './attackers/farm-sessions.ts';
import { floodMany, floodOne } from './attackers/flood.ts';
import { forgedForwarding } from './attackers/forged-forwarding.ts';
import { outOfOrder } from './attackers/out-of-order.ts';
import { aliases } from './attackers/aliases.ts';
import { challengeBought } from './attackers/challenge-bought.ts';
import { challengeReplayed, challengeSolved } from './attackers/challenge.ts';
import { attach } from './attackers/attach.ts';
import { altered } from './attackers/altered.ts';
import { headlessBrowser, windowedBrowser } from './attackers/browser.ts';
import { bruteForce, stuffing } from './attackers/guess-passwords.ts';
import { codeInjection } from './attackers/code-injection.ts';
import { cookieLogin } from './attackers/cookie-login.ts';
import { cookie, cookieDoors } from './attackers/cookie.ts';
import { disarm } from './attackers/disarm.ts';
import { domEmulation, jsdomEmulation } from './attackers/dom-emulation.ts';
import { doors } from './attackers/doors.ts';
import { forgedForm } from './attackers/forged-form.ts';
import { headers } from './attackers/headers.ts';
import { moved } from './attackers/moved.ts';
import { otherObject } from './attackers/other-object.ts';
import { impersonating, impersonatingDoors } from './attackers/impersonating.ts';
import { keyReplay } from './attackers/key-replay.ts';
import { leakedKey } from './attackers/leaked-key.ts';
import { loginCsrf } from './attackers/login-csrf.ts';
import { mixUp } from './attackers/mix-up.ts';
import { otherSite } from './attackers/other-site.ts';
import { plain } from './attackers/plain.ts';
import { headlessShell } from './attackers/headless-shell.ts';
import { mouse } from './attackers/mouse.ts';
import { patchright } from './attackers/patchright.ts';
import { person } from './attackers/person.ts';
import { playwright, windowedPlaywright } from './attackers/playwright.ts';
import { rebrowserPlaywright, rebrowserPuppeteer } from './attackers/rebrowser.ts';
import { stealth } from './attackers/stealth.ts';
import { replay, replayLater } from './attackers/replay.ts';
import { sessionFixation } from './attackers/session-fixation.ts';
import { slow } from './attackers/slow.ts';
import { ticket } from './attackers/ticket.ts';
import { forgedTokens } from './attackers/jwt-forged.ts';
import { stolenToken } from './attackers/jwt-stolen.ts';
import type { Attacker } from './lab.ts';
import type { LabOptions } from './options.ts';
import type { LabReport } from './outcome.ts';
import { runAttackers } from './run.ts';

export type { Step } from './by-hand.ts';
export { type CopiesReport, type CopyRow, measureCopies } from './copies.ts';
export { measureSeen, type Seen, type SeenReport, type SeenRow } from './seen.ts';
export { formatReport } from './report.ts';
export { defineLab, type LabFile, type LabGate } from './lab-file.ts';
export { walkByForms } from './walk-by-forms.ts';
export type { LabCall, LabOptions, OrderedCalls, ProviderChallenge } from './options.ts';
export type { PerThousand, RuleRow, RulesReport } from './rules/measure.ts';
export type { LabReport, RungReport } from './outcome.ts';
export type { ProviderLogin } from './provider-login.ts';
export type { Detected, Verdict } from './tally.ts';
export { LabError } from './target.ts';

/** Every attacker, in the order in which they run; the table lists them by their groups. */
export const ATTACKERS: readonly Attacker[] = [
  plain,
  headers,
  impersonating,
  replay,
  cookie,
  moved,
  altered,
  aliases,
  otherSite,
  doors,
  impersonatingDoors,
  cookieDoors,
  domEmulation,
  jsdomEmulation,
  headlessBrowser,
  headlessShell,
  windowedBrowser,
  playwright,
  windowedPlaywright,
  stealth,
  rebrowserPuppeteer,
  rebrowserPlaywright,
  patchright,
  mouse,
  attach,
  person,
  cookieLogin,
  sessionFixation,
  loginCsrf,
  codeInjection,
  mixUp,
  stolenToken,
  forgedTokens,
  otherObject,
  forgedForm,
  leakedKey,
  keyReplay,
  // They use allowances up, those of everybody together too: nobody who comes later makes calls that limits count.
  outOfOrder,
  enumerateIds,
  challengeSolved,
  challengeReplayed,
  challengeBought,
  slow,
  floodOne,
  floodMany,
  farmSessions,
  forgedForwarding,
  budgetDrain,
  // After whoever logs in honestly: the gate then takes this address for one that guesses.
  bruteForce,
  stuffing,
  disarm,
  // Bad signatures and the longest wait come last: neither may colour what the others are told.
  ticket,
  replayLater,
];

/**
 * Attacks a loopback URL with everything above, one attacker after another, within `seconds` (default 180), and
 * reports what each got. All requests use `method` (default GET) but for a few writes of other sites' pages, which
 * go to paths that cannot exist. Throws {@link LabError} where the URL is none, is not loopback, or answers nothing.
 */
export function runLab(url: string, options: LabOptions = {}): Promise<LabReport> {
  return runAttackers(url, options, ATTACKERS);
}
