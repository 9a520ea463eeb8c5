/**
 * The one table of refusals: what each code means on the wire, and what the page's script does about it.
 * docs/protocol.md §5 prints it; a test holds the two together.
 */

/** What the script does by itself on this code before the app sees anything; always at most once a call. */
export type Remedy =
  /** hand the refusal to the app */
  | 'none'
  /** open the second door again, then sign and send the same call once more */
  | 'enter'
  /** sign again with a fresh counter and send once more */
  | 'sign'
  /** the same, but only for methods that HTTP calls idempotent (RFC 9110 §9.2.2) */
  | 'sign-idempotent'
  /** learn the server's time from the answer, sign again */
  | 'clock'
  /** do what `challenge` says, send again; several times at most, for one solution may not be enough */
  | 'challenge';

export interface CodeRow {
  readonly status: number;
  /** Whether the same call may succeed later without the app changing it. */
  readonly retryable: boolean;
  readonly remedy: Remedy;
  /** `title` of the problem document: constant per code (RFC 9457 §3.1.4). */
  readonly title: string;
  /** One sentence for people. Never a threshold, never which secret check failed. */
  readonly detail: string;
}

const row = (status: number, retryable: boolean, remedy: Remedy, title: string, detail: string): CodeRow => ({
  status,
  retryable,
  remedy,
  title,
  detail,
});

export const CODES = {
  stamp: row(403, true, 'enter', 'Page load required', 'Load the page first; this answer carries a fresh stamp.'),
  'entry-required': row(403, true, 'enter', 'Entry required', 'This address answers only to its own frontend.'),
  stale: row(403, true, 'enter', 'Stale ticket', 'The ticket is no longer known here; enter again.'),
  'stale-nonce': row(403, true, 'sign', 'Stale counter', 'The counter lies below the window; sign again.'),
  replayed: row(403, true, 'sign-idempotent', 'Replayed request', 'This proof has been used before.'),
  signature: row(403, false, 'none', 'Invalid proof', 'The proof does not fit the request.'),
  digest: row(403, false, 'none', 'Invalid digest', 'The body does not fit its digest.'),
  clock: row(
    403,
    true,
    'clock',
    'Clock differs',
    'The proof was made too far from the server’s time, which stands in the Date field.',
  ),
  'session-mismatch': row(403, true, 'enter', 'Session mismatch', 'Ticket and session cookie do not belong together.'),
  'login-required': row(401, false, 'none', 'Login required', 'Log in to make this call.'),
  'login-failed': row(401, false, 'none', 'Login failed', 'Name, password or code is not right.'),
  'step-up': row(401, false, 'none', 'Fresh login required', 'Log in again to make this call.'),
  'session-key': row(403, true, 'none', 'Session key required', 'The page has to show the key of its session.'),
  'anti-forgery': row(403, false, 'none', 'Form expired', 'Reload the page and send the form again.'),
  key: row(401, false, 'none', 'Invalid key', 'The key is not known here, has ended, or does not open this address.'),
  'key-in-browser': row(403, false, 'none', 'Key in a browser', 'A key of a server was used from a page.'),
  'test-pass': row(403, false, 'none', 'Test pass', 'A pass for tests opens nothing here.'),
  'login-changed': row(403, false, 'none', 'Login changed', 'The login changed while this page was open; reload it.'),
  forbidden: row(403, false, 'none', 'Forbidden', 'This call is not allowed.'),
  method: row(405, false, 'none', 'Method not allowed', 'This address does not take this method.'),
  carrier: row(
    403,
    false,
    'none',
    'Carrier not allowed',
    'This address cannot be used in this way (as a navigation, image, form or the like).',
  ),
  site: row(403, false, 'none', 'Other site', 'This address answers only to pages of its own site.'),
  origin: row(403, false, 'none', 'Origin not listed', 'This address does not answer to pages of this origin.'),
  'content-type': row(
    403,
    false,
    'none',
    'Content type not allowed',
    'This address does not take bodies of this content type.',
  ),
  host: row(421, false, 'none', 'Host not listed', 'This server does not answer for this host name.'),
  target: row(400, false, 'none', 'Malformed request', 'The request’s target or framing is not acceptable.'),
  'too-large': row(413, false, 'none', 'Body too large', 'The body is larger than this address takes.'),
  limit: row(429, true, 'none', 'Too many requests', 'Wait, then try again.'),
  budget: row(429, true, 'none', 'Budget spent', 'What may be spent here is spent for now.'),
  order: row(
    403,
    false,
    'none',
    'Out of order',
    'This call is not due: one that belongs before it is missing, or it comes too early or too often.',
  ),
  'not-served': row(403, true, 'none', 'Not served', 'This object was not given to this session.'),
  schema: row(400, false, 'none', 'Schema violated', 'The request’s content is not what this address takes.'),
  challenge: row(403, true, 'challenge', 'Challenge required', 'A further step is asked for.'),
  behaviour: row(
    403,
    true,
    'none',
    'Unusual use',
    'This session is used in an unusual way; wait a minute, or load the page again.',
  ),
  build: row(
    403,
    false,
    'none',
    'Script out of date',
    'The script of this page is no longer taken here; load the page again.',
  ),
  banned: row(403, false, 'none', 'Banned', 'This session or address has been banned.'),
  sealed: row(403, false, 'none', 'Sealed call', 'The call did not come as this address takes calls; reload the page.'),
  'wrong-instance': row(
    403,
    true,
    'enter',
    'Other instance',
    'The ticket was given by another instance of this gate; enter again.',
  ),
  'insecure-context': row(
    403,
    false,
    'none',
    'Insecure context',
    'Open the page over HTTPS or on localhost: browsers give pages on plain HTTP no keys.',
  ),
  unsure: row(503, true, 'none', 'Cannot decide', 'Something that is needed to decide cannot be reached.'),
  upstream: row(502, true, 'none', 'Backend unreachable', 'The server behind this gate did not answer.'),
  'upstream-timeout': row(504, true, 'none', 'Backend too slow', 'The server behind this gate did not answer in time.'),
} as const satisfies Record<string, CodeRow>;

export type Code = keyof typeof CODES;
