import { createECDH } from 'node:crypto';
import type { Make } from '../../src/builds/shelf.ts';
import { toWrittenView } from '../../src/adapters/node/view.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { Guard } from '../../src/guard/guard.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { createGuard } from '../../src/index.ts';
import { agree, type Entered, signCall } from '../../src/lab/wire-proof.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { toBase64url } from '../../src/lib/base64url.ts';
import { type BuildNames, invert, renameMembers, toBuildFields } from '../../src/wire/build.ts';
import { formatEntryRequest, parseEntryAnswer } from '../../src/wire/entry.ts';

export const SECRET = 'a secret of this test, long enough for all';
export const START = 1_800_000_000_000;
const ORIGIN = 'http://localhost:4000';
const CALL = parseTarget(`${ORIGIN}/api/posts`);

/** Texts as they are: nothing here runs them. */
export const asTheyAre: Make = async (texts) => texts;

export interface Bench {
  readonly guard: Guard;
  /** Milliseconds since 1970. */
  now: number;
  /** Reads the configuration again, and looks for what is to be made. */
  reload(): void;
  /** Names that a page gets now, as its script holds them. */
  names(): BuildNames;
  enter(names: BuildNames | null, also?: Speech): Promise<Entry>;
  /** A signed GET, under the names given; plain for null. */
  call(entry: Entry, names: BuildNames | null, also?: Speech): Promise<Decision>;
}

/** What a client does otherwise than it should. */
export interface Speech {
  readonly body?: Readonly<Record<string, unknown>>;
  /** Derives with another label. */
  readonly label?: string;
  readonly fields?: readonly string[];
  readonly target?: string;
}

export interface Entry {
  /** '' where it was opened. */
  readonly code: string;
  readonly entered: Entered | null;
}

export async function createBench(config: Config, make: Make = asTheyAre, secret = SECRET): Promise<Bench> {
  const time = { now: START };
  const clock = { wall: () => time.now, monotonic: () => time.now - START };
  const whole: Config = {
    to: 'http://127.0.0.1:3000',
    mode: 'enforce',
    hosts: ['localhost:4000'],
    clients: { default: { stamp: 'waive' } },
    ...config,
  };
  const guard = await createGuard(whole, { secret, clock, makeBuild: make });
  const read = (view: RequestView): RequestView => guard.translate?.(view) ?? view;
  return {
    guard,
    get now() {
      return time.now;
    },
    set now(milliseconds) {
      time.now = milliseconds;
    },
    reload: () => guard.reload(whole),
    names: () => JSON.parse(/__SALLYPORT_BUILD__=(\{.*?\});\n/.exec(scriptOf(guard))?.[1] ?? 'null'),
    async enter(names, { body = {}, label = names?.label } = {}) {
      const ecdh = createECDH('prime256v1');
      const plain = JSON.parse(formatEntryRequest('default', toBase64url(ecdh.generateKeys())));
      const said = {
        ...(names === null ? plain : { build: names.id, ...renameMembers(plain, names.members) }),
        ...body,
      };
      const bytes = Buffer.from(JSON.stringify(said));
      const fields = [
        'Host',
        'localhost:4000',
        'Origin',
        ORIGIN,
        'Sec-Fetch-Site',
        'same-origin',
        'Content-Type',
        'application/json',
        'X-Requested-With',
        'sallyport',
      ];
      const written = { method: 'POST', target: '/_sallyport/enter', fields, peer: '127.0.0.1', body: bytes };
      const { status, body: text } = await guard.serve(read(toWrittenView(written)));
      const value = JSON.parse(String(text));
      if (status !== 200) return { code: value.code, entered: null };
      const answer = parseEntryAnswer(names === null ? value : renameMembers(value, invert(names.members)));
      return { code: '', entered: answer && agree(answer, ecdh, ORIGIN, 'default', time.now, label) };
    },
    async call({ entered }, names, { fields = [], target } = {}) {
      if (entered === null) throw new Error('nothing was entered');
      const own = [
        'Host',
        'localhost:4000',
        'Origin',
        ORIGIN,
        'Sec-Fetch-Site',
        'same-origin',
        'Sec-Fetch-Mode',
        'cors',
        'Sec-Fetch-Dest',
        'empty',
      ];
      const at = target === undefined ? CALL : parseTarget(ORIGIN + target);
      const signed = signCall({ method: 'GET' }, at, entered, own, time.now);
      const sent = [...(names === null ? signed.fields : renamed(names, signed.fields)), ...fields];
      const written = { method: 'GET', target: signed.target, fields: sent, peer: '127.0.0.1', body: null };
      return guard.decide(read(toWrittenView(written)));
    },
  };
}

/** The script that pages get. */
export const scriptOf = (guard: Guard): string => guard.workerScript?.text ?? '';

export function renamed(names: BuildNames, fields: readonly string[]): string[] {
  const at = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  const cut = fields.indexOf('Signature-Input');
  return [
    ...fields.slice(0, cut),
    ...Object.entries(toBuildFields(names, at('Signature-Input'), at('Signature'))).flat(),
  ];
}
