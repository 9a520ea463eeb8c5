import type { Config } from '../guard/config.ts';
import { createJudge } from './judge.ts';
import type { Learned } from './learn.ts';
import type { Shows, Source } from './observation.ts';
import {
  type Documents,
  inTime,
  propose,
  proposedConfig,
  type Proposal,
  type ProposedField,
  type ProposedRoute,
} from './proposal.ts';
import { ENOUGH_TO_LEAVE_OUT } from './rare.ts';
import { collectVerdicts, type Hit, type Verdicts } from './verdicts.ts';
import { createVisitors, type Visitors } from './visitors.ts';
import { FEW } from './voices.ts';

/** A proposal after it was tried on the traffic that it was learned from. */
export interface Tried {
  readonly proposal: Proposal;
  readonly verdicts: Verdicts;
  /** Rules that were taken back, because they would have refused sessions that use the app as others do. */
  readonly dropped: readonly Dropped[];
}

export interface Dropped {
  readonly match: string;
  readonly field: ProposedField['name'];
  readonly sessions: number;
}

export interface TrialOf {
  readonly config: Config;
  /** What an OpenAPI document says. Default: there is none. */
  readonly documents?: Documents;
  readonly onBytes?: (bytes: number) => void;
  /** Those who were told apart when it was learned. Default: they are told apart again. */
  readonly visitors?: Visitors;
}

/** Of the sessions that use the app as others do. */
const MOST_REFUSED = 0.001;
/** Requests that are judged; of more, an even share of the sessions. */
const MOST_JUDGED = 150_000;
const MOST_ROUNDS = 3;

/** What all sources can be judged by. */
export const judgedBy = (sources: readonly Source[]): Shows => ({
  fields: sources.every(({ judges }) => judges.fields),
  bodies: sources.every(({ judges }) => judges.bodies),
  networks: sources.every(({ judges }) => judges.networks),
  queries: sources.every(({ judges }) => judges.queries),
});

/**
 * Proposes what was learned, has the real layers judge the same traffic by it, and takes back what would have refused people.
 *
 * @throws ConfigError where the configuration cannot be used with the proposal in it
 */
export async function tryProposal(
  sources: readonly Source[],
  learned: Learned,
  { config, documents, onBytes = () => {}, visitors = createVisitors() }: TrialOf,
): Promise<Tried> {
  const dropped: Dropped[] = [];
  let proposal = propose(learned, config, documents);
  for (let round = 1; ; round++) {
    const verdicts = await judged(sources, proposedConfig(config, proposal), learned, {
      visitors,
      onBytes: round === 1 ? onBytes : () => {},
    });
    const harm = harmIn(proposal, verdicts, learned);
    if (harm.length === 0) return { proposal, verdicts, dropped };
    dropped.push(...harm);
    proposal = withoutFields(proposal, harm);
    if (round === MOST_ROUNDS) return { proposal, verdicts, dropped };
  }
}

/** What a proposed rule would have refused; null where it would have refused nothing. */
export const hitBy = ({ match }: ProposedRoute, { layer }: ProposedField, { byRule }: Verdicts): Hit | null =>
  byRule.find(({ name }) => name === `${layer} of ${match}`) ?? null;

async function judged(
  sources: readonly Source[],
  config: Config,
  { requests, leftOut }: Learned,
  reading: Required<Pick<TrialOf, 'onBytes' | 'visitors'>>,
): Promise<Verdicts> {
  const judge = await createJudge(config, judgedBy(sources));
  try {
    return await collectVerdicts(sources, judge, {
      oneIn: Math.max(1, Math.ceil(requests / MOST_JUDGED)),
      leftOut,
      ...reading,
    });
  } finally {
    await judge.close();
  }
}

function harmIn({ routes }: Proposal, verdicts: Verdicts, { leftOut, weighed }: Learned): Dropped[] {
  const typical = verdicts.sessions - Math.min(verdicts.sessions, leftOut.size / verdicts.oneIn);
  return routes.flatMap((route) =>
    route.fields.flatMap((field): Dropped[] => {
      const hit = field.layer === '' || isLast(field, route) ? null : hitBy(route, field, verdicts);
      const sessions = hit === null ? 0 : hit.sessions - hit.leftOut;
      const isOfFew = weighed.sessions >= ENOUGH_TO_LEAVE_OUT && voicesIn(hit, weighed) < FEW;
      return sessions > MOST_REFUSED * typical && !isOfFew ? [{ match: route.match, field: field.name, sessions }] : [];
    }),
  );
}

/** Of those that were not left out. Whoever has one network takes back no rule, however many sessions it opens. */
const voicesIn = (hit: Hit | null, { byNetwork }: Learned['weighed']): number =>
  hit === null ? 0 : byNetwork ? hit.networks : hit.sessions - hit.leftOut;

/** What is asked of times goes first: it may be all that is too strict about an order. */
const isLast = ({ name }: ProposedField, { fields }: ProposedRoute): boolean =>
  name === 'after' && fields.some((field) => field.name === 'notBefore' || field.name === 'within');

/** Of a schema that refuses people the query goes first, and the body where that was not all; of anything else, all. */
function withoutQuery(field: ProposedField): ProposedField[] {
  const { body, query } = Object(field.value);
  return field.name !== 'schema' || body === undefined || query === undefined ? [] : [{ ...field, value: { body } }];
}

const withoutFields = ({ routes, openapi }: Proposal, dropped: readonly Dropped[]): Proposal => ({
  openapi,
  routes: routes
    .map((route) => ({
      ...route,
      fields: inTime(
        route.fields.flatMap((field) => {
          const isDropped = dropped.some(({ match, field: name }) => match === route.match && name === field.name);
          return isDropped ? withoutQuery(field) : [field];
        }),
        route.hasStep,
      ),
    }))
    .filter(({ known, fields }) => !known || fields.length > 0),
});
