import * as z from 'zod/mini';
import { parseShape } from './config-schema.ts';
import { layerSchema, shareSchema } from './config-schema-rollout.ts';
import { layerConfig } from './rollout.ts';
import type { Switch, Undone, Words } from './switch.ts';
import type { Past, Terms } from './terms.ts';

const name = z.string().check(z.maxLength(64));
const mode = z.enum(['report', 'enforce']);
const layers = z.record(name, layerSchema);
const wordFields = { mode, rollout: shareSchema, layers };
const words = z.strictObject(wordFields);
/** What a version before or after this one may have written there is no reason to lose the rest. */
const pages = z.record(z.string(), z.unknown());
const undone = z.strictObject({
  ...wordFields,
  of: z.exactOptional(name),
  pages: z.exactOptional(pages),
  spares: z.exactOptional(z.int().check(z.gte(0))),
});
const switchSchema = z.strictObject({
  counter: z.int().check(z.gte(1)),
  at: z.int(),
  by: z.string().check(z.maxLength(256)),
  settings: z.strictObject({
    mode: z.exactOptional(mode),
    rollout: z.exactOptional(shareSchema),
    layers: z.exactOptional(layers),
    undone: z.exactOptional(z.record(name, undone)),
  }),
  over: words,
});

/** Null for what is no switch, as a later version may write it. */
export function parseSwitch(text: string): Switch | null {
  const parsed = z.safeParse(switchSchema, toJson(text));
  if (!parsed.success) return null;
  const { settings, over, ...rest } = parsed.data;
  const { layers: own, undone: back, ...plain } = settings;
  return {
    ...rest,
    over: toWords(over),
    settings: {
      ...plain,
      ...(own === undefined ? {} : { layers: toLayers(own) }),
      ...(back === undefined ? {} : { undone: toUndone(back) }),
    },
  };
}

const terms = z.strictObject({ version: name, words, pages });
const change = z.strictObject({ at: z.int(), before: terms, after: name, settled: z.array(name) });
const pastSchema = z.strictObject({
  latest: terms,
  mark: z.int(),
  changes: z.array(change),
  earlier: z.array(z.strictObject({ id: name, until: z.int() })),
});

/** Null for what is none, as a later version may write it. */
export function parsePast(text: string): Past | null {
  const parsed = z.safeParse(pastSchema, toJson(text));
  if (!parsed.success) return null;
  const { latest, changes, ...rest } = parsed.data;
  return {
    ...rest,
    latest: toTerms(latest),
    changes: changes.map((each) => ({ ...each, before: toTerms(each.before) })),
  };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A layer whose earlier policy cannot be read is not among them: it goes on by the one in force. */
function toUndone(given: Record<string, z.output<typeof undone>>): Record<string, Undone> {
  const found: Record<string, Undone> = {};
  for (const [layer, { pages: shape, ...each }] of Object.entries(given)) {
    const read = shape === undefined ? undefined : parseShape(shape);
    if (read === null) continue;
    found[layer] = { ...each, ...toWords(each), ...(read === undefined ? {} : { pages: read }) };
  }
  return found;
}

/** Of another version: what it asked of pages is compared, never put in force. */
const toTerms = ({ pages: shape, ...given }: z.output<typeof terms>): Terms => ({
  ...given,
  words: toWords(given.words),
  pages: parseShape(shape) ?? {},
});

const toLayers = (given: z.output<typeof layers>): Words['layers'] =>
  Object.fromEntries(Object.entries(given).map(([layer, each]) => [layer, layerConfig(each)]));

const toWords = ({ layers: given, ...rest }: z.output<typeof words>): Words => ({ ...rest, layers: toLayers(given) });
