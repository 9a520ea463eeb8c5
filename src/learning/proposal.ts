import type { Config, RouteConfig } from '../guard/config.ts';
import { UNSIGNED_CARRIERS } from '../guard/carrier.ts';
import type { Level } from '../guard/decision.ts';
import {
  afterEvidence,
  bodyEvidence,
  counted,
  limitEvidence,
  queryEvidence,
  routeEvidence,
  servedEvidence,
  spanEvidence,
} from './evidence.ts';
import type { Learned, LearnedRoute } from './learn.ts';
import type { LearnedSchema } from './schemas.ts';
import type { LearnedSpan } from './spans.ts';
import { FEW } from './voices.ts';

/** A field of a route that is proposed. */
export interface ProposedField {
  readonly name: 'carriers' | 'contentTypes' | 'limit' | 'after' | 'notBefore' | 'within' | 'served' | 'schema';
  readonly value: unknown;
  /** What it rests on. */
  readonly evidence: string;
  /** What is less strict by it than before; '' for nothing. */
  readonly loosens: string;
  /** What few did, and what became of it here: left out, or taken in; '' for nothing. */
  readonly rare: string;
  /** The layer that would refuse by it; '' where none would. */
  readonly layer: string;
}

/** A route that is proposed, or fields for one that is there. */
export interface ProposedRoute {
  readonly match: string;
  readonly known: boolean;
  readonly evidence: string;
  readonly loosens: string;
  readonly fields: readonly ProposedField[];
  /** Whether the configuration names the step before it. */
  readonly hasStep: boolean;
  /** Why it is only written as a comment; '' where it is to hold. */
  readonly doubt: string;
}

export interface Proposal {
  readonly routes: readonly ProposedRoute[];
  /** The OpenAPI document to hold content to, as the configuration is to name it; '' for none. */
  readonly openapi: string;
}

/** Operations of an OpenAPI document. */
export interface Documents {
  /** `POST /api/posts/:id` */
  readonly matches: readonly string[];
  /** As the configuration is to name it; '' where it cannot be held to it. */
  readonly openapi: string;
}

export const NO_DOCUMENT: Documents = Object.freeze({ matches: Object.freeze([]), openapi: '' });

/** From how many networks on one of them alone is worth a doubt. */
const MANY_NETWORKS = 20;
/** Of a route's calls. */
const MOSTLY_PROGRAMS = 0.9;

/**
 * What is proposed for a configuration: routes that it does not name, and for each what it says nothing of. What it says
 * already stays as it is.
 */
export function propose(learned: Learned, config: Config, documents: Documents = NO_DOCUMENT): Proposal {
  const given = new Map((config.routes ?? []).map((route) => [route.match, route]));
  const refusesUnlisted = config.routes !== undefined && config.routes.length > 0;
  const loosens = refusesUnlisted ? 'it was refused as a route that nobody had listed' : '';
  const withDocument = documents.openapi === '' ? config : { ...config, openapi: documents.openapi };
  const seen = learned.routes.map((route): ProposedRoute => {
    const before = given.get(route.match);
    const known = before !== undefined;
    return {
      match: route.match,
      known,
      evidence: routeEvidence(route, learned.sessions),
      loosens: known ? '' : loosens,
      fields: fieldsOf(route, before, withDocument),
      hasStep: before?.after !== undefined,
      doubt: known || documents.matches.includes(route.match) ? '' : doubtOf(route, learned),
    };
  });
  const unseen = documents.matches
    .filter((match) => !given.has(match) && !seen.some((route) => route.match === match))
    .map(
      (match): ProposedRoute => ({
        match,
        known: false,
        evidence: UNSEEN,
        loosens,
        fields: [],
        hasStep: false,
        doubt: '',
      }),
    );
  const routes = [...seen, ...unseen];
  const listed = new Set([...given.keys(), ...routes.filter(({ doubt }) => doubt === '').map(({ match }) => match)]);
  return {
    openapi: config.openapi === undefined ? documents.openapi : '',
    routes: routes
      .map((route) => ({
        ...route,
        fields: inTime(
          route.fields.filter((field) => namesListed(field, listed)),
          route.hasStep,
        ),
      }))
      .filter(({ known, fields }) => !known || fields.length > 0)
      .toSorted((a, b) => (placeOf(a.match) < placeOf(b.match) ? -1 : 1)),
  };
}

const UNSEEN = 'the OpenAPI document has it; no traffic showed it';

/** What the configuration comes to with a proposal in it. */
export function proposedConfig(config: Config, { routes, openapi }: Proposal): Config {
  const sure = routes.filter(({ doubt }) => doubt === '');
  const fieldsFor = (match: string): object =>
    Object.fromEntries(
      sure.find((route) => route.match === match)?.fields.map(({ name, value }) => [name, value]) ?? [],
    );
  const before = (config.routes ?? []).map((route) => ({ ...route, ...fieldsFor(route.match) }));
  const more = sure.filter(({ known }) => !known).map(({ match }) => ({ match, ...fieldsFor(match) }));
  const all = [...before, ...more];
  return { ...config, ...(openapi === '' ? {} : { openapi }), ...(all.length === 0 ? {} : { routes: all }) };
}

/** Names before what stands for anything: the first that fits decides. */
const placeOf = (match: string): string => match.replace(/^\S+ /, '').replaceAll(/:\w+/g, '\x7f') + match;

function doubtOf({ networks, calls, programs, browserNetworks }: LearnedRoute, learned: Learned): string {
  // One browser that calls what is a machine's does not make it a page's.
  const isFew = learned.networks >= MANY_NETWORKS && browserNetworks < FEW && programs >= MOSTLY_PROGRAMS * calls;
  if (calls > 0 && (programs === calls || isFew))
    return `programs ${programs === calls ? 'alone' : 'mostly'} call it: for webhooks write \`open\`, for partners \`keys\`; both loosen what is protected`;
  if (learned.networks >= MANY_NETWORKS && networks < 2) return 'all of its sessions came from one network';
  return '';
}

/** Times count from a step: without one there are none. @param isGiven whether the configuration names one */
export function inTime(fields: readonly ProposedField[], isGiven: boolean): readonly ProposedField[] {
  if (isGiven || fields.some(({ name }) => name === 'after')) return fields;
  return fields.filter(({ name }) => name !== 'notBefore' && name !== 'within');
}

const namesListed = ({ name, value }: ProposedField, listed: ReadonlySet<string>): boolean => {
  if (name === 'after') return listed.has(String(value));
  if (name !== 'served') return true;
  const from: unknown = Array.isArray(value)
    ? value.flatMap(({ from: one }) => one)
    : Reflect.get(Object(value), 'from');
  return [from].flat().every((match) => listed.has(String(match)));
};

/** Fields that the configuration does not have there yet. */
function fieldsOf(route: LearnedRoute, before: RouteConfig | undefined, config: Config): ProposedField[] {
  const fields: ProposedField[] = [];
  const level = before?.level;
  const unsigned = route.carriers.filter(({ name }) => UNSIGNED_CARRIERS.has(name));
  const lowers = unsigned.length > 0 && (level === undefined || level === 'session');
  if (before?.carriers === undefined && lowers) {
    const seen = unsigned.map(
      ({ name, requests, sessions }) => `${name} ${counted(requests)} times in ${counted(sessions)} sessions`,
    );
    fields.push({
      name: 'carriers',
      value: unsigned.map(({ name }) => name),
      evidence: `called as ${seen.join(', ')}`,
      loosens: 'such requests cannot be signed; a session is asked for in place of a proof',
      rare: '',
      layer: '',
    });
    if (route.types.length > 0 && before?.contentTypes === undefined) fields.push(contentTypes(route));
  }
  fields.push(...ruleFields(route, before, config, hasSession(level)));
  return fields;
}

const hasSession = (level: Level | undefined): boolean => level !== 'open' && level !== 'site';

const contentTypes = ({ types }: LearnedRoute): ProposedField => ({
  name: 'contentTypes',
  value: types.map(({ name }) => name),
  evidence: `sent as ${types.map(({ name, requests }) => `${name} ${counted(requests)} times`).join(', ')}`,
  loosens: 'forms of other pages can have these types as well',
  rare: '',
  layer: '',
});

/** What only ever refuses more than before. */
function ruleFields(
  route: LearnedRoute,
  before: RouteConfig | undefined,
  config: Config,
  hasOrder: boolean,
): ProposedField[] {
  const fields: ProposedField[] = [];
  const tightens = (name: ProposedField['name'], value: unknown, evidence: string, layer: string, rare = ''): void => {
    fields.push({ name, value, evidence, loosens: '', rare, layer });
  };
  const { limit, after, served } = route;
  if (limit !== null && before?.limit === undefined && hasOrder)
    tightens('limit', `${limit.perMinute}/minute`, limitEvidence(limit), 'limit');
  if (after !== null && hasOrder) {
    if (before?.after === undefined) tightens('after', after.match, afterEvidence(route), 'order');
    for (const { name, span } of timesOf(after, before))
      tightens(name, span.seconds, spanEvidence(name, span), 'order');
  }
  if (served.length > 0 && before?.served === undefined && hasOrder) {
    const rules = served.map(({ param, from, at }) => ({ param, from: single(from), at: single(at) }));
    tightens('served', single(rules), served.map(servedEvidence).join('; '), 'served');
  }
  if (before?.schema === undefined && config.openapi === undefined) {
    const parts = [...bodyPart(route, before), ...queryPart(route)];
    const value = Object.fromEntries(parts.map(({ name, schema }) => [name, schema]));
    const [evidence, rare] = [parts.map((part) => part.evidence), parts.map((part) => part.rare)];
    if (parts.length > 0)
      tightens('schema', value, evidence.join('; '), 'schema', rare.filter((one) => one !== '').join('; '));
  }
  return fields;
}

interface Time {
  readonly name: 'notBefore' | 'within';
  readonly span: LearnedSpan;
}

/** Times after a step that the rule names, or is to name; none that leave no time with the one that it has. */
function timesOf(
  { match, notBefore, within }: NonNullable<LearnedRoute['after']>,
  before: RouteConfig = { match },
): Time[] {
  if (before.after !== undefined && [before.after].flat().join('\n') !== match) return [];
  const times: Time[] = [];
  if (
    notBefore !== null &&
    before.notBefore === undefined &&
    notBefore.seconds < (before.within ?? Number.POSITIVE_INFINITY)
  )
    times.push({ name: 'notBefore', span: notBefore });
  if (within !== null && before.within === undefined && within.seconds > (before.notBefore ?? 0))
    times.push({ name: 'within', span: within });
  return times;
}

interface SchemaPart {
  readonly name: 'body' | 'query';
  readonly schema: LearnedSchema;
  readonly evidence: string;
  readonly rare: string;
}

function bodyPart({ body, types }: LearnedRoute, before: RouteConfig | undefined): SchemaPart[] {
  const isJson =
    types.length === 0 && before?.contentTypes === undefined && before?.carriers?.includes('form') !== true;
  if (body === null || !isJson || before?.maxBody !== undefined) return [];
  return [{ name: 'body', schema: body.schema, evidence: bodyEvidence(body), rare: body.rare }];
}

const queryPart = ({ query }: LearnedRoute): SchemaPart[] =>
  query === null ? [] : [{ name: 'query', schema: query.schema, evidence: queryEvidence(query), rare: query.rare }];

const single = <T>(all: readonly T[]): T | readonly T[] => (all.length === 1 && all[0] !== undefined ? all[0] : all);
