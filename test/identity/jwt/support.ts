import { NOWHERE } from '../../../src/guard/drift.ts';
import { randomBytes } from 'node:crypto';
import { compilePolicy } from '../../../src/guard/compile.ts';
import type { Config } from '../../../src/guard/config.ts';
import { parseConfig } from '../../../src/guard/config-schema.ts';
import type { JwtConfig } from '../../../src/guard/config-jwt.ts';
import { newContext } from '../../../src/guard/context.ts';
import type { Context } from '../../../src/guard/layer.ts';
import type { Records } from '../../../src/guard/records.ts';
import type { EndReason } from '../../../src/guard/state.ts';
import type { Subject, SubjectReader } from '../../../src/guard/subject.ts';
import { createJwtReader, type JwtParts } from '../../../src/identity/jwt/reader.ts';
import { createRecords } from '../../../src/stores/records/open.ts';
import { type Sketch, viewOf } from '../../support/view.ts';
import { AUDIENCE, ISSUER } from './issuer.ts';

/** One reader with a clock that tests move, and what it says of requests. */
export interface Desk {
  readonly clock: { now: number };
  readonly records: Records;
  readonly reader: SubjectReader;
  /** What it was made of. */
  readonly parts: JwtParts;
  /** Sessions that have ended. */
  readonly ended: Set<string>;
  readonly fetched: string[];
  show(sketch: Sketch, options?: ShowOptions): Promise<Shown>;
  bearer(token: string, options?: ShowOptions): Promise<Shown>;
  close(): Promise<void>;
}

export interface ShowOptions {
  /** Session whose cookie the request carries; '' for none. Default ''. */
  readonly session?: string;
  /** Session whose proof the request carries. */
  readonly ticket?: string;
  /** Whether somebody is asked for. Default true. */
  readonly asks?: boolean;
}

export interface Shown {
  /** Who; null where nobody. */
  readonly subject: Subject | null;
  /** Code of the refusal; '' for none. */
  readonly code: string;
  readonly evidence: string;
  /** Whether the answer was there at once. */
  readonly atOnce: boolean;
  readonly context: Context;
  readonly fields: ReadonlyMap<string, string>;
}

export const session = (): string => randomBytes(16).toString('base64url');

export async function openDesk(jwt: JwtConfig | JwtConfig[], config: Config = {}): Promise<Desk> {
  const now = { now: 1_750_000_000_000 };
  const clock = { wall: () => now.now, monotonic: () => now.now };
  // Records look for changes by a clock that runs by itself.
  const steady = { wall: clock.wall, monotonic: () => performance.now() };
  const records = await createRecords('memory', { secret: randomBytes(32).toString('base64url'), clock: steady });
  const ended = new Set<string>();
  const fetched: string[] = [];
  const parsed = parseConfig({ ...config, login: { jwt } }, 'test');
  const endedBy = ({ idHigh, idLow }: { idHigh: number; idLow: number }): EndReason | '' => {
    const id = Buffer.alloc(8);
    id.writeUInt32BE(idHigh, 0);
    id.writeUInt32BE(idLow, 4);
    return [...ended].some((one) => Buffer.from(one, 'base64url').subarray(0, 8).equals(id)) ? 'ended' : '';
  };
  const parts: JwtParts = {
    config: parsed,
    records,
    state: { endedBy },
    bans: null,
    clock,
    random: (length) => randomBytes(length),
    fetch: (input, init) => {
      fetched.push(String(input));
      return fetch(input, init);
    },
  };
  const reader = await createJwtReader(parts);
  const asking = compilePolicy({ ...parsed, routes: [{ match: '/api/**', user: true }] });
  const open = compilePolicy(parsed);

  async function show(sketch: Sketch, options: ShowOptions = {}): Promise<Shown> {
    const policy = options.asks === false ? open : asking;
    const request = viewOf(sketch);
    const route = policy.match(request.method, request.path, request.folded);
    const context = newContext(policy, route, 'call', request, now.now);
    context.cookieSession = options.session ?? '';
    if (options.ticket !== undefined) {
      const facts = {
        windowPlace: 0,
        windowIdHigh: 1,
        windowIdLow: 1,
        sessionPlace: 0,
        sessionCreated: 0,
        sessionIdHigh: 1,
        sessionIdLow: 1,
        from: NOWHERE,
      };
      context.ticket = { id: 't', session: options.ticket, client: 'default', loginEpoch: 0, ...facts };
    }
    const answer = reader.read(request, context);
    const found = await answer;
    const refused = found !== null && 'kind' in found;
    return {
      subject: refused ? null : found,
      code: refused ? found.code : '',
      evidence: context.evidence,
      atOnce: !(answer instanceof Promise),
      context,
      fields: toMap(context.responseFields),
    };
  }

  return {
    clock: now,
    records,
    reader,
    parts,
    ended,
    fetched,
    show,
    bearer: (token, options) => show({ headers: { authorization: `Bearer ${token}` } }, options),
    async close() {
      reader.close?.();
      await records.close();
    },
  };
}

function toMap(flat: readonly string[]): ReadonlyMap<string, string> {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return new Map(pairs);
}

/** An issuer with a key set; the rest as the test says. */
export const issuerAt = (jwks: string, more: Partial<JwtConfig> = {}): JwtConfig => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  jwks,
  ...more,
});
