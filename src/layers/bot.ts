import type { BotDirectory } from '../guard/bots.ts';
import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { namedMethods } from '../guard/methods.ts';
import type { RequestView } from '../guard/view.ts';
import { SKEW_SECONDS } from '../wire/constants.ts';

const SIGNATURE = refusal('key', 'a signature by a listed agent’s key over @authority and signature-agent');
const CLOCK = refusal('clock', 'a signature of at most an hour, made and not ended by the server’s time');

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
const AGENT = /^(?:([a-z*][a-z0-9_.*-]{0,63})=)?("(https?:\/\/[a-z0-9.:[\]-]{1,255})\/?")(?:;type=directory)?$/;
const COMPONENT = /^"(@authority|@method|@path|@query)"$/;

/**
 * Declared bots (Web Bot Auth, draft-meunier-webbotauth-httpsig-protocol): requests that a listed agent has signed get in
 * without a page, on routes that say so, to read. What carries such a signature that does not hold is refused.
 *
 * @param bots null where no agent is listed
 */
export function createBot(bots: BotDirectory | null): Layer {
  return {
    name: 'bot',
    forRoute: (route) => {
      if (bots === null || !route.bots) return null;
      return (request, context) => {
        const { signatureInput } = request.headers;
        if (signatureInput === '' || !signatureInput.includes(`;tag="${TAG}"`)) return PASS;
        if (request.method !== 'GET' && request.method !== 'HEAD') return PASS;
        return namedMethods(request, NO_METHODS).length > 0 ? PASS : judge(bots, request, context);
      };
    },
  };
}

function judge(bots: BotDirectory, request: RequestView, context: Context): Pass | Refusal {
  const { signatureInput, signature } = request.headers;
  const input = signatureInput.length > FIELD_LIMIT ? null : INPUT.exec(signatureInput);
  const [, label = '', sent = ''] = SIGNED.exec(signature) ?? [];
  const agent = AGENT.exec(singleLine(request.fields, 'signature-agent') ?? '');
  if (input === null || label !== input[1] || agent === null || request.repeated.length > 0) return SIGNATURE;
  const [, , params = '', list = '', tail = ''] = input;
  const [, member = '', text = '', origin = ''] = agent;
  const found = parameters(tail);
  if (found === null || found.get('tag') !== TAG) return SIGNATURE;
  const [created, expires] = [Number(found.get('created') ?? Number.NaN), Number(found.get('expires') ?? Number.NaN)];
  const now = context.now / 1000;
  const fresh = created <= now + SKEW_SECONDS && now < expires && expires - created <= LONGEST_SECONDS;
  if (!fresh) return CLOCK;
  const base = baseOf(
    list.split(' '),
    member === '' ? '"signature-agent"' : `"signature-agent";key="${member}"`,
    text,
    request,
    context,
  );
  const key = bots.find(origin, found.get('keyid') ?? '');
  if (base === null || key === null || !key.verify(`${base}"@signature-params": ${params}`, sent)) {
    context.evidence = `agent ${origin.slice(0, 100)}`;
    return SIGNATURE;
  }
  const id = `bot:${new URL(origin).host}`;
  context.key = { id, account: id, scopes: [] };
  const nonce = found.get('nonce') ?? '';
  if (nonce !== '') {
    context.claims.key = id;
    context.claims.keyNonce = nonce.slice(0, 128);
    context.claims.keyNonceLife = (LONGEST_SECONDS + SKEW_SECONDS) * 1000;
  }
  return PASS;
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
