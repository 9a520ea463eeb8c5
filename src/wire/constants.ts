/**
 * Names and numbers that server and browser share. docs/protocol.md §0 is their normative text.
 *
 * Numbers are written out: a product would be computed, and so kept, in the page's script, which needs none of them.
 */

/** First field of every transcript and prefix of every HKDF `info`. */
export const PROTOCOL = 'sallyport/1';

/** Path under which the gate answers itself. No leading dot: many servers refuse hidden files. */
export const DEFAULT_MOUNT = '/_sallyport';

export const STAMP_COOKIE = '__Host-sallyport-stamp';
export const SESSION_COOKIE = '__Host-sallyport';
/** Tells the page's script that its session is bound, and which it is: readable there, and opens nothing. */
export const BOUND_COOKIE = '__Host-sallyport-bound';
/** How the names of the gate's further cookies begin: login grants, transactions. No backend sees or sets one. */
export const OWN_COOKIES = '__Host-sallyport-';

/** The one label of our member in Signature-Input and Signature (RFC 9421 §4). */
export const LABEL = 'sallyport';

/** `tag` of an ordinary proof (RFC 9421 §2.3). */
export const TAG = 'sallyport-1';
/** Tags signed by the `sync` key, accepted only on routes that policy marks (docs/protocol.md §3.9). */
export const TAG_BEACON = 'sallyport-1-beacon';
export const TAG_SYNC = 'sallyport-1-sync';
export const TAG_URL = 'sallyport-1-url';

/** `tag` of a signature by an API key (docs/protocol.md §10). */
export const TAG_KEY = 'sallyport-1-key';
/** Characters of such a signature's nonce. */
export const KEY_NONCE_LENGTH = { least: 16, most: 64 } as const;

export type Tag = typeof TAG | typeof TAG_BEACON | typeof TAG_SYNC | typeof TAG_URL;

/** Query parameter that carries a compact proof where headers cannot (sockets without subprotocol, URL proofs). */
export const PROOF_PARAMETER = 'sallyport-proof';

export const HEADER_DIGEST = 'sallyport-digest';
export const HEADER_DECISION = 'sallyport-decision';
export const HEADER_ASSERTION = 'sallyport-assertion';

/** Seconds a ticket lives; the script renews from {@link TICKET_RENEW_SECONDS}. */
export const TICKET_SECONDS = 600;
export const TICKET_RENEW_SECONDS = 480;

/** Seconds that `created` may lie from the server's clock, and the skew added on both sides. */
export const CREATED_SECONDS = 60;
export const SKEW_SECONDS = 5;

export const STAMP_SECONDS = 600;
export const STAMP_ENTRIES = 32;

/** 12 h. */
export const SESSION_IDLE_SECONDS = 43_200;
/** 7 d. */
export const SESSION_MAX_SECONDS = 604_800;

/** Counters that one entry's window remembers (RFC 4303 §3.4.3 asks for at least 64). */
export const WINDOW_SIZE = 1024;

/** Bodies up to this many bytes are digested whole; larger ones in slices (docs/protocol.md §3.6). */
export const WHOLE_DIGEST_BYTES = 4_194_304;
export const DIGEST_SLICE_BYTES = 1_048_576;

/** Bodies up to this many bytes are held and checked before the commit; larger ones on the fly. */
export const HELD_BODY_BYTES = 65_536;

/** Purposes of keys derived from one entry secret (docs/protocol.md §2.3). */
export type Purpose = 'proof' | 'sync' | 'seal-up' | 'seal-down';
