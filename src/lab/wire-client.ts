import { createECDH } from 'node:crypto';
import { toBase64url } from '../lib/base64url.ts';
import { BOUND_COOKIE, DEFAULT_MOUNT } from '../wire/constants.ts';
import { formatEntryRequest, parseEntryAnswer } from '../wire/entry.ts';
import { type AnswerKind, BACKEND, kindOf, mediaType, parseJson } from './answer.ts';
import type { RawAnswer, RawRequest, Sender } from './http.ts';
import { createJar } from './jar.ts';
import { NotRun } from './not-run.ts';
import { type Target, targetAt } from './target.ts';
import type { BuildNames } from '../wire/build.ts';
import { readBuild } from './read-build.ts';
import { fromBuildEntry, inBuild, outOfBuild, toBuildEntry } from './wire-build.ts';
import { wireHeaders } from './wire-headers.ts';
import { agree, type Call, type Entered, signCall } from './wire-proof.ts';
import { createSealingSender, type SealedRequest, type SealOptions, sealRequest } from './wire-sealed.ts';
import { createSessionKey } from './wire-session-key.ts';

/**
 * A full client of docs/protocol.md without a browser: what an attacker writes in an afternoon. It loads the page,
 * walks the doors and signs calls; about itself it says what a browser would.
 */
export interface WireClient {
  /** Seals what it sends once the gate has said that calls come sealed (docs/sealed.md), and opens the answers. */
  readonly sender: Sender;
  /**
   * Loads the page and enters, with a key of its own where its cookies are those of a login (docs/protocol.md §2.4).
   * `keyless` leaves that key out; default `keyed`.
   */
  open(how?: 'keyless' | 'keyed'): Promise<Opening>;
  /** A call to the target as the page's script would send it, with the next counter. Needs an opened door. */
  sign(call: Call): RawRequest;
  /** {@link sign}, then send. */
  call(call: Call): Promise<RawAnswer>;
  /** What {@link sign} made, sealed (docs/protocol.md §12). */
  seal(signed: RawRequest, options?: SealOptions): SealedRequest;
  /** A call to an address under the mount, as pages make before anybody is logged in: JSON, without a proof. */
  ask(path: string, body: object): Promise<RawAnswer>;
  /** The address `path` under the mount, opened as a page. */
  visit(path: string): Promise<RawAnswer>;
  /** Where the gate answers itself, as its page says. */
  mount(): string;
  /** Headers of such a call without cookie and proof. */
  headers(): readonly string[];
  /** Value of its Cookie field; '' without cookies. */
  cookies(): string;
  /** Takes over the cookies of another client. */
  takeCookies(other: WireClient): void;
}

/** What became of the doors. */
export interface Opening {
  readonly opened: boolean;
  /** '' when opened. */
  readonly why: string;
  /** Who kept them closed; the backend where nobody did. */
  readonly kind: AnswerKind;
}

/** Name of the only client of a policy that names none (docs/protocol.md §2.1). */
const CLIENT = 'default';

/** Whether a client reads a build's names: never, from the first script it gets, or from each that it needs. */
export type ReadsBuilds = 'never' | 'once' | 'always';

/** @param now milliseconds since 1970, by this client's clock */
export function createWireClient(
  target: Target,
  page: string,
  plain: Sender,
  now: () => number = Date.now,
  readsBuilds: ReadsBuilds = 'always',
): WireClient {
  const isSigned = ({ fields }: RawRequest): boolean =>
    fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === (names?.input ?? 'signature-input'));
  const sender = createSealingSender(plain, (request) =>
    entered === null || request.target.startsWith(`${mountedAt}/`) || !isSigned(request) ? null : seal(request),
  );
  const jar = createJar();
  const headers = wireHeaders(target, page);
  const sessionKey = createSessionKey();
  let entered: Entered | null = null;
  let mountedAt = DEFAULT_MOUNT;
  let script = '';
  /** Of the build that its page has; null for the protocol's own. */
  let names: BuildNames | null = null;

  async function send(request: RawRequest): Promise<RawAnswer> {
    const answer = await sender.send(request);
    jar.take(answer.fields);
    return answer;
  }

  /** First door. Answers the mount that the page's script tag names. */
  async function loadPage(): Promise<string> {
    const fields = [...headers.navigation, ...jar.fields()];
    const answer = await send({ method: 'GET', target: page, fields, body: null });
    const tag = /<script[^>]*\ssrc="(([^"]*)\/s\.[0-9a-f]{16}\.js)"/.exec(Buffer.from(answer.body).toString('utf8'));
    script = tag?.[1] ?? '';
    mountedAt = tag?.[2] ?? DEFAULT_MOUNT;
    return mountedAt;
  }

  async function learnNames(): Promise<boolean> {
    if (readsBuilds === 'never' || (readsBuilds === 'once' && names !== null)) return false;
    const fields = [...headers.navigation, ...jar.fields()];
    const { body } = await send({ method: 'GET', target: script, fields, body: null });
    names = script === '' ? null : readBuild(Buffer.from(body).toString('utf8'));
    return names !== null;
  }

  /** Second door. */
  async function enter(mount: string, keyless: boolean): Promise<Opening> {
    const ecdh = createECDH('prime256v1');
    const pageKey = ecdh.generateKeys();
    const bound = jar.get(BOUND_COOKIE);
    const asks = bound !== '' || jar.get('__Host-sallyport-login') !== '';
    const seen = { pageKey, origin: target.origin, client: CLIENT, session: bound };
    const more = asks && !keyless ? sessionKey.prove(seen) : {};
    const plain = formatEntryRequest(CLIENT, toBase64url(pageKey), more);
    const post = () => {
      const body = Buffer.from(names === null ? plain : toBuildEntry(names, plain));
      const fields = [...headers.entry, 'Content-Length', String(body.length), ...jar.fields()];
      return send({ method: 'POST', target: `${mount}/enter`, fields, body });
    };
    let answer = await post();
    let kind = kindOf(answer);
    // The page came without a stamp: the refusal carries one (docs/protocol.md §1.3).
    if (kind.by === 'gate' && kind.code === 'stamp') {
      answer = await post();
      kind = kindOf(answer);
    }
    // Pages here have builds (docs/builds.md): the script says what this one calls things.
    if (kind.by === 'gate' && kind.code === 'build' && (await learnNames())) {
      answer = await post();
      kind = kindOf(answer);
    }
    if (kind.by === 'gate') return closed(`entry was refused with code ${kind.code}`, kind);
    const json = answer.status === 200 && mediaType(answer.fields) === 'application/json';
    const entry = json ? parseEntryAnswer(fromBuildEntry(names, parseJson(answer.body))) : null;
    entered = entry === null ? null : agree(entry, ecdh, target.origin, CLIENT, now(), names?.label);
    if (entered !== null) return { opened: true, why: '', kind: BACKEND };
    const why = answer.failed || (json ? 'an answer that does not read' : `status ${answer.status}`);
    return closed(`no entry at ${mount}/enter (${why})`, { by: 'nobody', why });
  }

  function sign(call: Call): RawRequest {
    if (entered === null) throw new NotRun('the doors are not open');
    const path = call.under === undefined ? call.at : mountedAt + call.under;
    const to = path === undefined ? target : targetAt(target, path);
    const signed = signCall(call, to, entered, [...headers.call, ...jar.fields()], now());
    return names === null ? signed : inBuild(names, signed);
  }

  function seal(signed: RawRequest, options?: SealOptions): SealedRequest {
    if (entered === null) throw new NotRun('the doors are not open');
    return sealRequest(names === null ? signed : outOfBuild(names, signed), entered, mountedAt, options);
  }

  return {
    sender,
    seal,
    open: async (how) => enter(await loadPage(), how === 'keyless'),
    sign,
    call: (call) => send(sign(call)),
    ask(path, given) {
      const body = Buffer.from(JSON.stringify(given));
      const fields = [...headers.entry, 'Content-Length', String(body.length), ...jar.fields()];
      return send({ method: 'POST', target: mountedAt + path, fields, body });
    },
    visit: (path) =>
      send({ method: 'GET', target: mountedAt + path, fields: [...headers.navigation, ...jar.fields()], body: null }),
    mount: () => mountedAt,
    headers: () => headers.call,
    cookies: () => jar.value(),
    takeCookies: (other) => jar.takeValue(other.cookies()),
  };
}

const closed = (why: string, kind: AnswerKind): Opening => ({ opened: false, why, kind });
