import type { Code } from '../wire/codes.ts';

/** Refusals that a rule may ban for. */
export type BanCode = 'order' | 'not-served' | 'schema' | 'forbidden';

/**
 * Which refusals count towards a ban, and why the others do not. What counts was signed by the page's own key, or an API
 * key, and is counted once for each such signature: nobody else can have caused it. docs/addresses.md prints this table.
 */
export const BAN_CODES: Readonly<Record<Code, { readonly counts: boolean; readonly why: string }>> = {
  order: counts('signed, and out of turn'),
  'not-served': counts('signed, for an object that this session was not given'),
  schema: counts('signed, with content that no page of the app sends'),
  forbidden: counts('signed, and not theirs to do'),
  limit: never('others of the same network or route can use it up'),
  budget: never('others can spend it'),
  replayed: never('whoever has captured a call can send it again'),
  'stale-nonce': never('whoever has captured a call can send it late'),
  signature: never('anybody can write a signature that does not hold'),
  digest: never('anybody on the way can change a body'),
  clock: never('a captured call grows old, and a device may have a wrong clock'),
  stale: never('a restart, an eviction; anybody can show a ticket that is none'),
  'wrong-instance': never('it depends on which instance is asked'),
  'entry-required': never('anybody can leave a proof out'),
  'session-mismatch': never('a taken cookie and a ticket of one’s own'),
  'session-key': never('whoever shows a taken cookie gets this'),
  stamp: never('a first visit'),
  'login-required': never('a login that ended'),
  'login-failed': never('people mistype; guessing has limits of its own'),
  'step-up': never('a login that is not fresh'),
  'login-changed': never('another tab has logged in or out'),
  'anti-forgery': never('another site can send such a form'),
  key: never('anybody can write a key that is none'),
  'key-in-browser': never('whoever has read a key can show it; it has an alarm of its own'),
  'test-pass': never('anybody can show one; it has an alarm of its own'),
  method: never('judged before any proof is'),
  carrier: never('another site can send such a request'),
  site: never('another site can send such a request'),
  origin: never('another site can send such a request'),
  'content-type': never('another site can send such a request'),
  host: never('judged before any proof is'),
  target: never('judged before any proof is'),
  'too-large': never('the head alone says so, before the counter is used up'),
  challenge: never('a step that people may fail'),
  behaviour: never('a guess about how people use the app'),
  build: never('a page that was open for long'),
  banned: never('a ban must not prolong itself'),
  sealed: never('a page that was loaded before calls were sealed'),
  'insecure-context': never('a page on plain HTTP'),
  unsure: never('our own fault'),
  upstream: never('the backend’s fault'),
  'upstream-timeout': never('the backend’s fault'),
};

function counts(why: string) {
  return { counts: true, why };
}

function never(why: string) {
  return { counts: false, why };
}
