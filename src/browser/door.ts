import { type EntryAnswer, formatEntryRequest, purposeInfo, transcript } from '../wire/entry.ts';
import type { ChallengeMember } from '../wire/challenge.ts';
import { fromBase64url, toBase64url } from './base64.ts';
import type { Chunks } from './context.ts';
import { type Platform, wait } from './platform.ts';

/** The second door (docs/protocol.md §2): one key agreement per page or worker, renewed while it lives. */

/** What one entry gives: the ticket and the keys that belong to it. */
export interface Entry {
  readonly ticket: string;
  readonly authority: string;
  /** HMAC, cannot be extracted. */
  readonly proofKey: CryptoKey;
  /** What further keys are derived from (HKDF, cannot be extracted), and their salt. */
  readonly agreed: CryptoKey;
  readonly salt: ArrayBuffer;
  /** Bytes of the synchronous key; absent where no route of the policy takes its proofs. */
  readonly syncKey: Uint8Array | undefined;
  /** Server's time, in seconds. */
  readonly renews: number;
  readonly expires: number;
  /** Last counter that was used. */
  counter: number;
  /** Further fields of what is signed with it. */
  readonly fields?: Record<string, string>;
}

export interface Door {
  /** The entry to sign with, at once; undefined where there is none that lives. Starts the renewal when it is due. */
  current(): Entry | undefined;
  /** Waits for one as long as a call may wait (3 s); undefined: go without. */
  ready(): Promise<Entry | undefined>;
  /** Opens the door again because `refused` was not taken, unless somebody already has. */
  again(refused: Entry | undefined): Promise<Entry | undefined>;
  /** Server's time, in seconds. */
  seconds(): number;
  /** Takes the server's time from a Date field. */
  learn(date: string | null): void;
  /** Enters afresh, as whoever is logged in now. */
  renew(): Promise<Entry | undefined>;
  /**
   * What calls without a proof say in X-Requested-With: `sallyport`, and once somebody else is logged in than when
   * this page entered, the code that the server then refuses them with.
   */
  mark: string;
}

export interface DoorSettings {
  /** Address of the mount: `https://app.example/_sallyport`. */
  readonly mount: string;
  readonly client: string;
  /** Whether the synchronous key is needed. */
  readonly sync: boolean;
  readonly chunks: Chunks;
  /** Whether sessions may be bound here. */
  readonly bound?: boolean;
}

/** How long a call waits for the door before it goes out unsigned. */
const PATIENCE = 3000;
/** How long entries that the server puts off are tried again (its shield delays by at most 20 s). */
const PUT_OFF = 25_000;

/** What calls without a proof say of themselves. */
const MARK = 'sallyport';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };

/** What `enter` says instead of an answer. */
interface PutOff {
  readonly code: string;
  /** Milliseconds to wait; 0 where trying again is of no use now. */
  readonly after: number;
  /** What is asked for first. */
  readonly challenge?: ChallengeMember;
}

export function createDoor(platform: Platform, settings: DoorSettings): Door {
  const { subtle, now, random } = platform;
  let entry: Entry | undefined;
  let opening: Promise<Entry | undefined> | undefined;
  let openingSince = 0;
  /** Learned: server's time minus ours, in milliseconds. */
  let offset = 0;
  let failures = 0;
  let notBefore = 0;
  /** Kept until an entry succeeds: the same request again gets the same answer and costs the server nothing. */
  let pair: CryptoKeyPair | undefined;
  /** Whether this browser's session is bound to a key: a cookie of the gate says so, else its refusal does. */
  let bound = settings.bound && /-bound=/.test(self.document?.cookie);
  /** The login that this page goes on with. */
  let login: string | undefined;

  const seconds = () => Math.floor((now() + offset) / 1000);
  const live = () => (entry && seconds() < entry.expires ? entry : undefined);

  async function post(body: string): Promise<EntryAnswer | PutOff> {
    const response = await platform.fetch(`${settings.mount}/enter`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-requested-with': 'sallyport' },
      credentials: 'include',
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    });
    // A page, a mock or a redirect stands where the gate would: nothing to wait for. A faulty server may recover.
    const value = await response.json().catch((fault: unknown) => {
      if (response.status > 499 || !(fault instanceof SyntaxError)) throw fault;
    });
    if (response.ok && value?.ticket) return value;
    const after = Math.min(20, Number(response.headers.get('retry-after')) || 1) * 1000;
    return { ...value, code: `${value?.code}`, after: value?.retryable ? after : 0 };
  }

  async function handshake(): Promise<Entry | PutOff> {
    pair ??= await subtle.generateKey(CURVE, false, ['deriveKey']);
    const pageKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
    const { mount: gate, client, chunks } = settings;
    let challenge: string | undefined;
    for (let tries = 0; ; tries++) {
      const key = bound && (await (await chunks('bound')).prove(platform, gate, { client, pageKey }));
      const answer = await post(formatEntryRequest(client, toBase64url(pageKey), { login, challenge, ...key }));
      if (!('code' in answer)) return taken(answer, pair.privateKey, pageKey);
      const { code } = answer;
      // A page out of a cache has no stamp: the refusal brings one. Whose session is bound has to show its key. And whose
      // login is gone (`login-changed`, `login-required`) says so from now on.
      bound ||= code === 'session-key';
      if (/^lo/.test(code)) door.mark = `${MARK} ${code}`;
      challenge = answer.challenge && (await (await chunks('challenge')).solve(platform, chunks, answer.challenge));
      if (tries > 1 || !/^s[te]|^ch/.test(code)) return answer;
    }
  }

  async function taken(answer: EntryAnswer, privateKey: CryptoKey, pageKey: Uint8Array): Promise<Entry> {
    login = answer.login;
    offset = answer.time - now();
    const serverKey = fromBase64url(answer.key);
    const seen = transcript({
      pageKey,
      serverKey,
      origin: self.origin,
      authority: answer.authority,
      client: settings.client,
      ticketId: fromBase64url(answer.id),
      expires: answer.expires,
      random: fromBase64url(answer.random),
    });
    const salt = await subtle.digest('SHA-256', seen);
    const theirs = await subtle.importKey('raw', serverKey, CURVE, false, []);
    const agreed = await subtle.deriveKey({ name: 'ECDH', public: theirs }, privateKey, 'HKDF', false, [
      'deriveKey',
      'deriveBits',
    ]);
    const hkdf = (purpose: 'proof' | 'sync') => ({ name: 'HKDF', hash: 'SHA-256', salt, info: purposeInfo(purpose) });
    const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
    const proofKey = await subtle.deriveKey(hkdf('proof'), agreed, hmac, false, ['sign']);
    const syncKey = settings.sync ? new Uint8Array(await subtle.deriveBits(hkdf('sync'), agreed, 256)) : undefined;
    pair = undefined;
    const { ticket, authority, expires } = answer;
    const renews = expires - answer.life + answer.renew;
    return { ticket, authority, agreed, salt, proofKey, syncKey, renews, expires, counter: 0 };
  }

  /** Tries until it works, is refused for good, or has taken too long. */
  async function attempt(pause: number): Promise<Entry | undefined> {
    for (let tries = 0; ; tries++) {
      const began = now();
      await (pause && wait(platform, pause));
      // Blocked, offline, or put off by the server.
      const made = await handshake().catch((): PutOff => ({ code: 'blocked', after: 250 * 2 ** tries }));
      if (!('code' in made)) {
        failures = 0;
        entry = made;
        return entry;
      }
      // Longer than a pause and a request may take: this machine slept, and nobody has waited meanwhile.
      if (now() - began > 2 * PUT_OFF) openingSince = now();
      // Everybody's page meets a restart at the same moment: spread out.
      pause = made.after * (0.75 + random() / 2);
      if (!pause || now() + pause - openingSince > (made.code === 'blocked' ? PATIENCE : PUT_OFF)) break;
    }
    notBefore = now() + Math.min(40_000, 2000 * 2 ** failures++) * (0.5 + random());
    return undefined;
  }

  function open(delay = 0): Promise<Entry | undefined> {
    if (!opening) {
      openingSince = now();
      opening = attempt(delay).finally(() => {
        opening = undefined;
      });
    }
    return opening;
  }

  function current(): Entry | undefined {
    const living = live();
    if (living && seconds() >= living.renews && now() >= notBefore) void open();
    return living;
  }

  const door: Door = {
    current,
    seconds,
    async ready() {
      const living = current();
      if (living) return living;
      if (failures) {
        // An outage that is known: nobody waits for it again.
        if (now() >= notBefore) void open();
        return undefined;
      }
      return Promise.race([open(), wait(platform, openingSince + PATIENCE - now()).then(() => undefined)]);
    },
    async again(refused) {
      const living = live();
      if (living && living !== refused) return living;
      entry = undefined;
      if (!opening && failures && now() < notBefore) return undefined;
      // A ticket refused in the middle of its life is a restart, which every open page meets now.
      return open(living ? random() * 500 : 0);
    },
    mark: MARK,
    renew() {
      entry = login = undefined;
      door.mark = MARK;
      return Promise.resolve(opening).then(() => open());
    },
    learn(date) {
      const time = Date.parse(date ?? '');
      if (time) offset = time - now();
    },
  };
  return door;
}
