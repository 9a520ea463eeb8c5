import type { Calls } from './calls.ts';
import { type CarrierBook, createCarrierBook } from './carriers.ts';
import { createFlowBook, type LearnedFlow } from './flows.ts';
import { createTally, type Observation, pathOf, type Source } from './observation.ts';
import type { LearnedOrder } from './order.ts';
import type { PathPatterns } from './paths.ts';
import { createQueryBook, type QueryBook } from './queries.ts';
import { NO_QUERY, type QueryShape, queryShape } from './query.ts';
import type { Usage } from './read-usage.ts';
import { createSchemaBook, type SchemaBook } from './schemas.ts';
import { createSpanBook, type SpanBook } from './spans.ts';
import type { TypicalSessions } from './typical.ts';
import type { Visitors } from './visitors.ts';
import { isCounted, type Weighing } from './weights.ts';

interface ContentOf {
  readonly calls: Calls;
  readonly patterns: PathPatterns;
  readonly usage: Usage;
  readonly typical: TypicalSessions;
  readonly weighing: Weighing;
  /** What comes before what. */
  readonly orders: readonly LearnedOrder[];
  readonly visitors: Visitors;
}

interface RouteContent {
  readonly carriers: CarrierBook;
  readonly query: QueryBook;
  readonly schema: SchemaBook;
}

const newContent = (): RouteContent => ({
  carriers: createCarrierBook(),
  query: createQueryBook(),
  schema: createSchemaBook(),
});

const queryOf = (target: string): QueryShape => {
  const mark = target.indexOf('?');
  return mark < 0 ? NO_QUERY : queryShape(target.slice(mark + 1));
};

export interface Content {
  readonly routes: ReadonlyMap<number, RouteContent>;
  readonly flows: readonly LearnedFlow[];
  readonly spans: SpanBook;
}

/**
 * Third reading, of typical sessions alone, and of no more of one network than it counts for: carriers, queries, bodies, which
 * answer's field becomes which parameter, and how long calls come after the steps before them.
 */
export async function readContent(
  sources: readonly Source[],
  { calls, patterns, usage, typical, weighing, orders, visitors }: ContentOf,
  onBytes: (more: number) => void,
): Promise<Content> {
  const routes = new Map<number, RouteContent>();
  const flows = createFlowBook();
  const spans = createSpanBook(orders);
  visitors.begin();
  const callOf = calls.byTarget((place, target) => ({
    number: usage.numbers.get(calls.matchOf(place, patterns)),
    query: queryOf(target),
  }));
  const take = (one: Observation): void => {
    const { name: session, hash } = visitors.of(one);
    if (one.verified === false) return;
    const { number, query } = callOf(one);
    if (number === undefined || typical.hashes.has(hash)) return;
    spans.add(hash, number, one.status < 400, one.time);
    if (one.status >= 400 || !isCounted(hash, one.prefix, weighing)) return;
    let known = routes.get(number);
    if (known === undefined) {
      known = newContent();
      routes.set(number, known);
    }
    const sender = { voice: weighing.byNetwork ? one.prefix : session, session: hash };
    known.carriers.add(one.carrier, one.type, sender);
    known.query.add(one.query === undefined ? query : one.query, sender);
    if (one.request !== null) known.schema.add(one.request, sender);
    // Logs have no bodies in which an id could have been given.
    if (one.marks.length > 0) {
      const segments = (usage.routes[number]?.match ?? '').replace(/^\S+ /, '').split('/').slice(1);
      const path = pathOf(one.target).split('/').slice(1);
      const page = one.page.split('/');
      for (const [place, segment] of segments.entries()) {
        const mark = one.marks[place] ?? '';
        if (segment.startsWith(':')) flows.used(session, number, place, mark, page.includes(path[place] ?? ''));
      }
    }
    if (one.answer !== null) flows.answered(session, number, one.answer);
  };
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) for (const one of batch) take(one);
  }
  return { routes, flows: flows.flows(), spans };
}
