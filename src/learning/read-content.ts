import type { Calls } from './calls.ts';
import { type CarrierBook, createCarrierBook } from './carriers.ts';
import { createFlowBook, type LearnedFlow } from './flows.ts';
import { createTally, type Observation, pathOf, type Source } from './observation.ts';
import type { PathPatterns } from './paths.ts';
import type { Usage } from './read-usage.ts';
import { createSchemaBook, type SchemaBook } from './schemas.ts';
import { hashOf } from './sessions.ts';
import type { TypicalSessions } from './typical.ts';
import { createVisitors } from './visitors.ts';

interface ContentOf {
  readonly calls: Calls;
  readonly patterns: PathPatterns;
  readonly usage: Usage;
  readonly typical: TypicalSessions;
}

interface RouteContent {
  readonly carriers: CarrierBook;
  readonly schema: SchemaBook;
}

/** Third reading, of typical sessions alone: carriers, bodies, and which answer's field becomes which parameter. */
export async function readContent(
  sources: readonly Source[],
  { calls, patterns, usage, typical }: ContentOf,
  onBytes: (more: number) => void,
): Promise<{ routes: ReadonlyMap<number, RouteContent>; flows: readonly LearnedFlow[] }> {
  const routes = new Map<number, RouteContent>();
  const flows = createFlowBook();
  const visitors = createVisitors();
  const take = (one: Observation): void => {
    const session = visitors.of(one);
    const number = one.verified === false ? undefined : usage.numbers.get(calls.matchOf(calls.placeOf(one), patterns));
    if (number === undefined || typical.hashes.has(hashOf(session)) || one.status >= 400) return;
    const known = routes.get(number) ?? { carriers: createCarrierBook(), schema: createSchemaBook() };
    routes.set(number, known);
    known.carriers.add(one.carrier, one.type, session);
    if (one.request !== null) known.schema.add(one.request);
    const segments = (usage.routes[number]?.match ?? '').replace(/^\S+ /, '').split('/').slice(1);
    const path = pathOf(one.target).split('/').slice(1);
    const page = one.page.split('/');
    for (const [place, segment] of segments.entries()) {
      const mark = one.marks[place] ?? '';
      if (segment.startsWith(':')) flows.used(session, number, place, mark, page.includes(path[place] ?? ''));
    }
    if (one.answer !== null) flows.answered(session, number, one.answer);
  };
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) for (const one of batch) take(one);
  }
  return { routes, flows: flows.flows() };
}
