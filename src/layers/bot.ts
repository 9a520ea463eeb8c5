import { createHash } from 'node:crypto';
import type { BotDirectory } from '../guard/bots.ts';
import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { namedMethods } from '../guard/methods.ts';
import type { RequestView } from '../guard/view.ts';
import { CREATED_SECONDS, SKEW_SECONDS } from '../wire/constants.ts';
import { createThrottle, type Throttle } from './key-throttle.ts';

const SIGNATURE = refusal('key', 'a signature by a listed agent’s key over @authority and signature-agent');
const CLOCK = refusal(
  'clock',
  'a signature of at most an hour, made since the gate started and not ended by its time; without a nonce, of a minute',
);
const LIMIT = refusal('limit', 'fewer signatures from this network that do not hold');

const NO_METHODS: ReadonlySet<string> = new Set();
const TAG = 'web-bot-auth';
const LONGEST_SECONDS = 3600;
const FIELD_LIMIT = 2048;

/** One member and no other: a bot's request carries its own signature alone. */
const INPUT =
  /^([a-z*][a-z0-9_.*-]{0,63})=(\(([^()]{1,512})\)((?:;[a-z]{3,8}=(?:\d{1,12}|"[\x20\x21\x23-\x5b\x5d-\x7e]{1,256}"))+))$/;
const SIGNED = /^([a-z*][a-z0-9_.*-]{0,63})=:([A-Za-z0-9+/]{86}==):$/;
const PARAMETER = /;([a-z]{3,8})=(?:(\d{1,12})|"([^"]*)")/g;
/** `"https://bot.example"`, or as a dictionary's only member `sig1="https://bot.example"`. */
const AGENT = /^(?:([a-z*][a-z0-9_.*-]{0,63})=)?("(https?:\/\/[a-z0-9.:[\]-]{1,255})\/?"(?:;type=directory)?)$/;
const COMPONENT = /^"(@authority|@method|@path|@query)"$/;

export interface BotParts {
  readonly bots: BotDirectory;
  /** When the state began to remember what was shown: what was signed before is refused. Milliseconds since 1970. */
  readonly since: number;
  readonly monotonic: () => number;
}

/**
 * Declared bots (Web Bot Auth, draft-ietf-webbotauth-httpsig-protocol): requests that a listed agent has signed get in
 * without a page, on routes that say so, to read. What carries such a signature that does not hold is refused.
 *
 * @param parts null where no agent is listed
 */
export function createBot(parts: BotParts | null): Layer {
  const judgement: Judgement | null = parts && { ...parts, throttle: createThrottle(parts.monotonic) };
  return {
    name: 'bot',
    forRoute: (route) => {
      if (judgement === null || !route.bots) return null;
      return (request, context) => {
        const { signatureInput } = request.headers;
        if (signatureInput === '' || !signatureInput.includes(`;tag="${TAG}"`)) return PASS;
        // Who brings a key is judged, and counted, by it alone.
        if (context.key !== null) return PASS;
        if (request.method !== 'GET' && request.method !== 'HEAD') return PASS;
        return namedMethods(request, NO_METHODS).length > 0 ? PASS : judge(judgement, request, context);
      };
    },
  };
}

interface Judgement extends BotParts {
  readonly throttle: Throttle;
}

function judge({ bots, since, throttle }: Judgement, request: RequestView, context: Context): Pass | Refusal {
  const { signatureInput, signature } = request.headers;
  const input = signatureInput.length > FIELD_LIMIT ? null : INPUT.exec(signatureInput);
  const [, label = '', sent = ''] = SIGNED.exec(signature) ?? [];
  const agent = AGENT.exec(singleLine(request.fields, 'signature-agent') ?? '');
  if (input === null || label !== input[1] || agent === null || request.repeated.length > 0) return SIGNATURE;
  const [, , params = '', list = '', tail = ''] = input;
  const [, member = '', text = '', origin = ''] = agent;
  const found = parameters(tail);
  if (found === null || found.get('tag') !== TAG) return SIGNATURE;
  if (!isFresh(found, context.now / 1000, Math.floor(since / 1000))) return CLOCK;
  const base = baseOf(
    list.split(' '),
    member === '' ? '"signature-agent"' : `"signature-agent";key="${member}"`,
    text,
    request,
    context,
  );
  const wait = throttle.wait(context.prefix);
  if (wait > 0) {
    context.retryAfter = wait;
    return LIMIT;
  }
  const key = bots.find(origin, found.get('keyid') ?? '');
  if (base === null || key === null || !key.verify(`${base}"@signature-params": ${params}`, sent)) {
    if (base !== null && key !== null) throttle.failed(context.prefix);
    context.evidence = `agent ${origin.slice(0, 100)}`;
    return SIGNATURE;
  }
  const id = `bot:${new URL(origin).host}`;
  context.key = { id, account: id, scopes: [] };
  context.claims.key = id;
  context.claims.keyNonce = onceOf(found, base + params, request);
  context.claims.keyNonceSigned = Number(found.get('created')) * 1000;
  context.claims.keyNonceLife = (Number(found.get('expires')) - Number(found.get('created')) + 2 * SKEW_SECONDS) * 1000;
  return PASS;
}

/** Without a nonce it could be shown for whatever it covers until it ends: so it has to be of this minute. */
function isFresh(found: ReadonlyMap<string, string>, now: number, since: number): boolean {
  const [created, expires] = [Number(found.get('created') ?? Number.NaN), Number(found.get('expires') ?? Number.NaN)];
  const longest = found.get('nonce') ? LONGEST_SECONDS : CREATED_SECONDS + SKEW_SECONDS;
  const isOurs = created >= since && created <= now + SKEW_SECONDS && now - created <= longest;
  return isOurs && now < expires && expires - created <= LONGEST_SECONDS;
}

/**
 * What is used up: the nonce, or else this signature for this very address. Two requests of one second that are signed
 * without a nonce have one signature (Ed25519 is deterministic).
 */
function onceOf(found: ReadonlyMap<string, string>, signed: string, { method, target }: RequestView): string {
  const nonce = found.get('nonce') ?? '';
  const once = nonce === '' ? `request ${method} ${target} ${signed}` : `nonce ${found.get('keyid')} ${nonce}`;
  return createHash('sha256').update(once).digest('base64url');
}

/** Null where one comes twice, or names another algorithm than the keys have. */
function parameters(tail: string): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  for (const [, name = '', digits, text = ''] of tail.matchAll(PARAMETER)) {
    if (found.has(name) || (name === 'alg' && text !== 'ed25519')) return null;
    found.set(name, digits ?? text);
  }
  return found;
}

/** Signature base (RFC 9421 §2.5) without its last line; null where it covers less or other than it must. */
function baseOf(
  components: readonly string[],
  agent: string,
  text: string,
  { method, path, query }: RequestView,
  { authority }: Context,
): string | null {
  const values: Readonly<Record<string, string>> = {
    '@authority': authority,
    '@method': method,
    '@path': path,
    '@query': query === '' ? '?' : query,
  };
  let base = '';
  for (const component of components) {
    const name = COMPONENT.exec(component)?.[1];
    if (component !== agent && name === undefined) return null;
    base += `${component}: ${name === undefined ? text : values[name]}\n`;
  }
  const covers = components.includes('"@authority"') && components.includes(agent);
  return covers && new Set(components).size === components.length ? base : null;
}

function singleLine(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = fields[i + 1] ?? '';
  }
  return found;
}
