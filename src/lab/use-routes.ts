import type { Config, RouteConfig } from '../guard/config.ts';
import { networkSet } from '../lib/network-set.ts';
import { foldPath } from '../wire/fold.ts';
import { compilePattern, parseRoute } from '../wire/pattern.ts';
import type { LabCall, LabOptions } from './options.ts';

/** What a run knows of the rules of use: policy's word, and calls of the app's own that the caller allows. */
export interface UseRoutes {
  /** A call that costs money; null where none may be made. */
  readonly paid: PaidCall | null;
  readonly ordered: Ordered | null;
  /** An object that only those may read who were given its id; null where policy is unknown or has none. */
  readonly served: ServedRead | null;
  /** Path of a call by `GET` that always asks for a proof of work; '' where none is known. */
  readonly challenged: string;
  /** The same for a challenge of a provider. */
  readonly provided: string;
  /** Whether the gate believes this machine what it says of other addresses. */
  readonly trusted: boolean;
}

export interface PaidCall extends LabCall {
  /** What one costs at most, as `0.05 USD`; '' where nobody said. */
  readonly price: string;
}

export interface Ordered {
  readonly first: LabCall;
  readonly next: LabCall;
  /** Seconds that policy asks for between the two; 0 for none. */
  readonly notBefore: number;
  /** How often the second may follow one first; 0 for any number. */
  readonly atMost: number;
}

export interface ServedRead {
  /** Its path, where `:id` stands for the id. */
  readonly path: string;
  /** Path of the list that gives ids. */
  readonly list: string;
  /** Where in the list they stand, as in `$[*].id`. */
  readonly at: readonly string[];
}

type Given = Pick<LabOptions, 'spend' | 'inOrder' | 'policy'>;

export function useRoutes({ spend, inOrder, policy = {} }: Given): UseRoutes {
  return {
    paid: spend === undefined ? null : { ...spend, price: priceOf(routeOf(policy, spend)) },
    ordered: inOrder === undefined ? null : { ...inOrder, ...orderOf(routeOf(policy, inOrder.next)) },
    served: servedRead(policy),
    challenged: challengedRead(policy, (kind) => kind === 'proof-of-work'),
    provided: challengedRead(policy, (kind) => kind !== 'proof-of-work' && kind !== 'wait'),
    trusted: networkSet(policy.trustedProxies ?? []).has('127.77.0.1'),
  };
}

/** A body as it is sent, with its type. */
export const contentOf = ({ body }: LabCall): { readonly body?: Uint8Array; readonly contentType?: string } =>
  body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };

/** The rule that decides on a call; undefined where none names it. */
function routeOf({ routes = [] }: Config, { method, path }: LabCall): RouteConfig | undefined {
  const [plain = ''] = path.split('?');
  return routes.find(({ match }) => {
    const route = parseRoute(match);
    return (route.method === '' || route.method === method) && compilePattern(route.pattern).test(foldPath(plain));
  });
}

function priceOf(route: RouteConfig | undefined): string {
  const cost = route?.cost;
  const most = typeof cost === 'object' ? cost.max : cost;
  return typeof most === 'string' ? most : '';
}

const orderOf = (route: RouteConfig | undefined): Pick<Ordered, 'notBefore' | 'atMost'> => ({
  notBefore: route?.notBefore ?? 0,
  atMost: route?.atMost ?? (route?.once === true ? 1 : 0),
});

/** The first object that is read by its id alone, and whose list is read without one. */
function servedRead({ routes = [] }: Config): ServedRead | null {
  for (const { match, served } of routes) {
    const [, path = ''] = /^GET (\/[^:*]*\/:\w+[^:*]*)$/.exec(match) ?? [];
    const { from, at } = [served ?? []].flat()[0] ?? { from: [], at: [] };
    const list = [from].flat().find((source) => /^GET \/[^:*]*$/.test(source));
    if (path !== '' && list !== undefined)
      return { path: path.replace(/:\w+/, ':id'), list: list.slice('GET '.length), at: [at].flat() };
  }
  return null;
}

function challengedRead({ challenge: common = {}, routes = [] }: Config, isWanted: (kind: string) => boolean): string {
  const route = routes.find(({ match, challenge = 'never' }) => {
    const { when, kind = common.kind ?? 'proof-of-work' } =
      typeof challenge === 'string' ? { when: challenge } : challenge;
    return when === 'always' && isWanted(kind) && /^GET \/[^:*]*$/.test(match);
  });
  return route?.match.slice('GET '.length) ?? '';
}
