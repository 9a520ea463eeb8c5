import * as z from 'zod/mini';
import { FEATURES } from './features.ts';
import { Model } from './model.ts';
import { STAGES } from './session-table.ts';
import { MOST_ROUTES } from './transitions.ts';

/** A model as text, so that a restart begins with what was learned. No session, address or id is in it: counts alone. */

export const MODEL_VERSION = 1;
/** Longest text that is read: 32 MiB. */
export const MOST_MODEL_BYTES = 32 * 1024 * 1024;

/** The text of a model: JSON. */
export function formatModel(model: Model, routes: readonly string[]): string {
  const { trees, calibration } = model;
  return JSON.stringify({
    sallyport: 'behaviour',
    version: MODEL_VERSION,
    features: FEATURES.map(({ name }) => name),
    seed: model.seed,
    needed: model.needed,
    learned: model.learned,
    routes,
    moves: model.transitions.entries().map(([from, to, count]) => [from, to, rounded(count)]),
    reached: [...model.reached].map(rounded),
    hours: [...model.hours].map(rounded),
    values: model.bulks.map((stage) => stage.map(({ counts }) => sparse(counts))),
    scores: sparse(calibration.bulk.counts),
    trees: { ...trees.totals, reference: sparse(trees.reference), latest: sparse(trees.latest) },
  });
}

/** What the text of a model holds. */
export interface ReadModel {
  readonly model: Model;
  readonly routes: readonly string[];
}

/**
 * Reads what {@link formatModel} wrote. Throws RangeError for anything else: a model is believed, so half of one is none. A model
 * of another version or with other features says so.
 */
export function parseModel(text: string): ReadModel {
  const read = shape.safeParse(parseJson(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new RangeError(`not a behaviour model: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'other'}`);
  }
  const { seed, needed, learned, routes, moves, reached, hours, values, scores, trees } = read.data;
  const model = new Model(seed, needed);
  model.learned = learned;
  model.transitions.restore(moves);
  model.reached.set(reached);
  model.hours.set(hours);
  for (const [stage, features] of values.entries())
    for (const [index, counts] of features.entries()) model.bulks[stage]?.[index]?.restore(counts);
  model.calibration.bulk.restore(scores);
  model.trees.restore(trees);
  model.refresh();
  return { model, routes };
}

/** Place and count, of places that have any. */
type Sparse = (readonly [place: number, count: number])[];

function sparse(counts: Float32Array): Sparse {
  const found: Sparse = [];
  for (const [place, count] of counts.entries()) if (count > 0.005) found.push([place, rounded(count)]);
  return found;
}

const rounded = (count: number): number => Math.round(count * 100) / 100;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError('not a behaviour model: it is no JSON');
  }
}

const count = z.number().check(z.gte(0), z.lte(1e12));
const place = z.int().check(z.gte(0), z.lt(2 ** 20));
const route = z.int().check(z.gte(0), z.lt(MOST_ROUTES));
const counts = z.array(z.tuple([place, count])).check(z.maxLength(2 ** 17));
const names = FEATURES.map(({ name }) => name);

const shape = z.strictObject({
  sallyport: z.literal('behaviour'),
  version: z.literal(MODEL_VERSION, 'another version of Sallyport wrote it; learn anew'),
  features: z.array(z.string()).check(z.refine((given) => given.join() === names.join(), 'other features; learn anew')),
  seed: z.int(),
  needed: z.int().check(z.gte(1), z.lte(1e6)),
  learned: z.int().check(z.gte(0), z.lte(1e15)),
  routes: z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(MOST_ROUTES)),
  moves: z.array(z.tuple([route, route, count])).check(z.maxLength(MOST_ROUTES ** 2)),
  reached: z.array(count).check(z.length(STAGES)),
  hours: z.array(count).check(z.length(24)),
  values: z.array(z.array(counts).check(z.length(FEATURES.length))).check(z.length(STAGES)),
  scores: counts,
  trees: z.strictObject({ total: count, pending: count, reference: counts, latest: counts }),
});
