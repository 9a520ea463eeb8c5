/** Steps that several attackers have in common (Attacker.steps), one thing to write or to run each. */

/** A client that does what the page does, written from docs/protocol.md. */
export const WALK_DOORS: readonly string[] = [
  'a client that loads the page and takes its script’s settings',
  'the key agreement of the entry',
  'a signer of RFC 9421 with the counter of each call',
  'renewal of tickets, cookies, and the server’s clock',
];

/** A browser of one's own. Which library drives it is for the attacker to say. */
export const RUN_BROWSER: readonly string[] = [
  'a browser on a server, kept up to date',
  'the calls, written to run in the page',
];
