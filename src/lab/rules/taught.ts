import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Book, createBook } from '../../behaviour/book.ts';
import { writeModel } from '../../behaviour/model-store.ts';
import { createSeeded } from '../../behaviour/seeded.ts';
import { DEFAULT_SESSIONS, learningOf } from '../../guard/config-behaviour.ts';
import type { RouteRule } from '../../guard/policy.ts';
import type { RequestView } from '../../guard/view.ts';
import { createPeople, type Deed } from './people.ts';
import { LIST } from './rule-sets.ts';

/** Models of how the shop is used, as files that its gates read: the gate learns nothing for the lab that it would not learn. */
export interface TaughtModels {
  /** Path of a file with a model of its own for one gate, which writes to it: of the shop with the step before each thing, or without. */
  file(starts: boolean): Promise<string>;
  close(): Promise<void>;
}

/** Of its own: who is measured later is none of those who taught. */
const SEED = 1;
/** Visits for each session that a model needs: those of fewer than eight calls do not teach. */
const VISITS = 1.6;
/** Seconds from one visit to the next: they fill more than a day, so that no hour is unusual. */
const APART = 30;
const NETWORKS = 3000;
/** When the first one comes: any time will do. */
const BEGAN = 1_700_000_000_000;
/** Idle for so long, all have ended. */
const ENDED_MS = 3_600_000;

export function createTaughtModels(): TaughtModels {
  const taught = new Map<boolean, Book>();
  let folder = '';
  let files = 0;
  return {
    async file(starts) {
      if (folder === '') folder = await mkdtemp(join(tmpdir(), 'sallyport-lab-'));
      const book = taught.get(starts) ?? teach(starts);
      taught.set(starts, book);
      files += 1;
      const path = join(folder, `model-${files}.json`);
      await writeModel(path, book.model, book.routes.names);
      return path;
    },
    async close() {
      if (folder !== '') await rm(folder, { recursive: true, force: true });
    },
  };
}

function teach(starts: boolean): Book {
  const limits = learningOf({ sessions: DEFAULT_SESSIONS });
  const book = createBook({ limits: () => limits, seed: SEED });
  const random = createSeeded(SEED);
  const visit = createPeople(SEED, starts);
  const count = VISITS * DEFAULT_SESSIONS;
  for (let number = 1; number <= count; number += 1) {
    const session = { sessionIdHigh: number, sessionIdLow: number };
    let now = BEGAN + number * APART * 1000;
    const prefix = `network ${Math.floor(random.next() * NETWORKS)}`;
    book.entered(session, `load ${number}`, now);
    for (const deed of visit()) {
      now += deed.pause * 1000;
      book.called({ session, prefix, now, route: routeOf(deed), request: requestOf(deed) });
      book.answered(session, 200);
      book.tick(now);
    }
  }
  while (book.tick(BEGAN + count * APART * 1000 + ENDED_MS));
  return book;
}

const routes = new Map<string, RouteRule>();

/** As the gates of the lab name it. */
function routeOf({ method, at }: Deed): RouteRule {
  const path = at.split('?')[0] ?? at;
  const name = `${method} ${path === LIST || method === 'POST' ? path : `${LIST}/:id`}`;
  // SAFETY: of a route the model reads its name alone.
  const route = routes.get(name) ?? ({ name } as RouteRule);
  routes.set(name, route);
  return route;
}

// SAFETY: of a request the model reads method and target alone.
const requestOf = ({ method, at }: Deed): RequestView => ({ method, target: at }) as RequestView;
