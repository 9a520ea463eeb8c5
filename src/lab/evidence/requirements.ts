/**
 * Requirements that attackers put to the test, by their numbers: OWASP Application Security Verification Standard 5.0 and OWASP API
 * Security Top 10 2023. The words are ours; the numbers are theirs.
 */
export const ASVS: Readonly<Record<string, string>> = {
  '2.3.1': 'Steps are taken in their order, and none is left out',
  '2.3.2': 'Limits of the business hold',
  '2.4.1': 'Programs cannot call without end what costs or gives data away',
  '2.4.2': 'Nobody is faster than a person would be',
  '3.4.2': 'Only listed origins may read answers',
  '3.5.1': 'Simple requests of other sites do nothing sensitive',
  '3.5.2': 'What relies on a preflight cannot be called without one',
  '3.5.3': 'Reads change nothing, or say where they come from',
  '4.1.3': 'Fields that proxies set cannot be set by visitors',
  '4.1.4': 'Methods that nobody needs are refused',
  '4.1.5': 'Requests are signed one by one',
  '4.4.2': 'WebSocket handshakes come from listed origins',
  '6.3.1': 'Guessing passwords and trying leaked ones is held up',
  '7.2.1': 'Session tokens are verified by a server',
  '7.2.2': 'Sessions rest on no fixed key',
  '7.2.4': 'A login gives a new session',
  '7.4.1': 'A logout ends the session',
  '8.2.2': 'An object is for those who may have it',
  '8.2.4': 'Where somebody comes from is weighed during the session',
  '8.3.1': 'Who may is decided where visitors cannot reach',
  '9.1.1': 'Tokens are verified before they are believed',
  '9.1.2': 'Only listed algorithms are taken, and never none',
  '9.1.3': 'A token does not name the key that verifies it',
  '9.2.1': 'Tokens that have ended are refused',
  '9.2.3': 'Tokens for somebody else are refused',
  '10.1.2': 'Codes belong to the browser that asked for them',
  '10.2.1': 'Other sites cannot end a login in somebody’s browser',
  '10.2.2': 'One provider’s code is not taken for another’s',
  '10.3.5': 'A stolen token is of no use to the thief',
};

export const API: Readonly<Record<string, string>> = {
  API1: 'Access to objects of others',
  API2: 'Logins and sessions that can be taken over',
  API4: 'Use of resources without bounds',
  API5: 'Access to functions of others',
  API6: 'Sensitive flows that programs may run',
  API8: 'Settings that leave doors open',
};

export interface Requirements {
  readonly asvs: readonly string[];
  readonly api: readonly string[];
}

const tests = (asvs: string, api: string): Requirements => ({ asvs: asvs.split(' '), api: api.split(' ') });

/** Attackers that drive a page. */
const BROWSERS = [
  ...[
    'jsdom',
    'tls',
    'tls-doors',
    'headless',
    'headless-shell',
    'automation',
    'playwright',
    'playwright-window',
    'stealth',
  ],
  ...['rebrowser-puppeteer', 'rebrowser-playwright', 'patchright', 'mouse', 'attach', 'person', 'slow'],
];

/** By the names of attackers. One that is not here tests none of them. */
export const TESTED: Readonly<Record<string, Requirements>> = {
  plain: tests('2.4.1', 'API6'),
  headers: tests('2.4.1', 'API6'),
  replay: tests('4.1.5', 'API2'),
  'replay-later': tests('4.1.5', 'API2'),
  cookie: tests('4.1.5 7.2.1', 'API2'),
  moved: tests('8.2.4', 'API2'),
  altered: tests('4.1.5', 'API8'),
  aliases: tests('4.1.4 8.3.1', 'API5 API8'),
  'other-site': tests('3.4.2 3.5.1 3.5.2 3.5.3 4.4.2', 'API8'),
  ticket: tests('7.2.1', 'API2'),
  doors: tests('2.4.1', 'API6'),
  'cookie-doors': tests('8.2.4', 'API2'),
  dom: tests('2.4.1', 'API6'),
  ...Object.fromEntries(BROWSERS.map((name) => [name, tests('2.4.1', 'API6')])),
  disarm: tests('8.3.1', 'API8'),
  order: tests('2.3.1 2.4.2', 'API6'),
  enumerate: tests('8.2.2 2.4.1', 'API1'),
  challenge: tests('2.4.1', 'API4'),
  'challenge-bought': tests('2.4.1', 'API4'),
  'challenge-replay': tests('2.4.1', 'API4'),
  'flood-one': tests('2.4.1', 'API4'),
  'flood-many': tests('2.4.1', 'API4'),
  farm: tests('2.4.1', 'API4 API6'),
  forwarding: tests('4.1.3', 'API4'),
  drain: tests('2.3.2 2.4.1', 'API4'),
  'cookie-login': tests('7.4.1', 'API2'),
  'session-fixation': tests('7.2.4', 'API2'),
  'login-csrf': tests('3.5.1 10.2.1', 'API2'),
  'code-injection': tests('10.1.2', 'API2'),
  'mix-up': tests('10.2.2', 'API2'),
  'brute-force': tests('6.3.1', 'API2'),
  stuffing: tests('6.3.1', 'API2'),
  'jwt-stolen': tests('10.3.5', 'API2'),
  'jwt-forged': tests('9.1.1 9.1.2 9.1.3 9.2.1 9.2.3', 'API2'),
  'other-object': tests('8.2.2', 'API1'),
  'forged-form': tests('3.5.1', 'API8'),
  'leaked-key': tests('7.2.2', 'API2'),
  'key-replay': tests('4.1.5', 'API2'),
};
