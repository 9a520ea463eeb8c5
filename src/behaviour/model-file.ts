import { FEATURES } from './features.ts';
import type { Counted } from './half-space-trees.ts';
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
 *
 * @param sessions that it takes from here on: one that was taught by fewer goes on learning. Default: as when it was written
 */
export function parseModel(text: string, sessions?: number): ReadModel {
  const { seed, needed, learned, routes, moves, reached, hours, values, scores, trees } = checked(parseJson(text));
  const model = new Model(seed, sessions ?? needed);
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

/** What a model's text has to hold, field by field. */
interface Written {
  readonly seed: number;
  readonly needed: number;
  readonly learned: number;
  readonly routes: readonly string[];
  readonly moves: readonly (readonly [from: number, to: number, count: number])[];
  readonly reached: readonly number[];
  readonly hours: readonly number[];
  readonly values: readonly (readonly Sparse[])[];
  readonly scores: Sparse;
  readonly trees: Counted;
}

type Test = (value: unknown) => boolean;

const whole =
  (least: number, most: number): Test =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
const isCount: Test = (value) => typeof value === 'number' && value >= 0 && value <= 1e12;
const isName: Test = (value) => typeof value === 'string' && value.length <= 4096;
const listOf =
  (each: Test, most: number, least = 0): Test =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every(each);
const tuple =
  (...tests: readonly Test[]): Test =>
  (value) =>
    Array.isArray(value) && value.length === tests.length && tests.every((test, index) => test(value[index]));
const object =
  (shape: Readonly<Record<string, Test>>): Test =>
  (value) =>
    typeof value === 'object' && value !== null && faultIn(value, shape) === '';

const isRoute = whole(0, MOST_ROUTES - 1);
const isSparse = listOf(tuple(whole(0, 2 ** 20), isCount), 2 ** 17);
const [stages, features] = [STAGES, FEATURES.length];

const SHAPE: Readonly<Record<keyof Written | 'sallyport' | 'version' | 'features', Test>> = {
  sallyport: (value) => value === 'behaviour',
  version: (value) => value === MODEL_VERSION,
  features: (value) => Array.isArray(value) && value.join() === FEATURES.map(({ name }) => name).join(),
  seed: whole(0, 2 ** 32),
  needed: whole(1, 1e6),
  learned: whole(0, 1e15),
  routes: listOf(isName, MOST_ROUTES),
  moves: listOf(tuple(isRoute, isRoute, isCount), MOST_ROUTES ** 2),
  reached: listOf(isCount, stages, stages),
  hours: listOf(isCount, 24, 24),
  values: listOf(listOf(isSparse, features, features), stages, stages),
  scores: isSparse,
  trees: object({ total: isCount, pending: isCount, reference: isSparse, latest: isSparse }),
};

/** What to do about a field that does not fit. */
const ADVICE: Readonly<Record<string, string>> = {
  version: 'another version of Sallyport wrote it; learn anew',
  features: 'other features were learned; learn anew',
};

function checked(value: unknown): Written {
  if (typeof value !== 'object' || value === null) throw new RangeError('not a behaviour model: it is no object');
  const fault = faultIn(value, SHAPE);
  if (fault !== '')
    throw new RangeError(`not a behaviour model: ${fault}: ${ADVICE[fault] ?? 'not as it was written'}`);
  // SAFETY: every field has been looked at, and there is no other.
  return value as Written;
}

/** The first field that does not fit, is missing, or is one too many; '' for none. */
function faultIn(value: object, shape: Readonly<Record<string, Test>>): string {
  const broken = Object.entries(shape).find(([name, test]) => !test(Reflect.get(value, name)));
  return broken?.[0] ?? Object.keys(value).find((name) => !Object.hasOwn(shape, name)) ?? '';
}
