import * as z from 'zod/mini';
import { layerSchema, shareSchema } from './config-schema-rollout.ts';
import { layerConfig } from './rollout.ts';
import type { Switch, Words } from './switch.ts';

const mode = z.enum(['report', 'enforce']);
const layers = z.record(z.string().check(z.maxLength(64)), layerSchema);
const words = z.strictObject({ mode, rollout: shareSchema, layers });
const schema = z.strictObject({
  counter: z.int().check(z.gte(1)),
  at: z.int(),
  by: z.string().check(z.maxLength(256)),
  settings: z.strictObject({
    mode: z.exactOptional(mode),
    rollout: z.exactOptional(shareSchema),
    layers: z.exactOptional(layers),
    undone: z.exactOptional(z.record(z.string().check(z.maxLength(64)), words)),
  }),
  over: words,
});

/** Null for what is no switch, as a later version may write it. */
export function parseSwitch(text: string): Switch | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = z.safeParse(schema, value);
  if (!parsed.success) return null;
  const { settings, over, ...rest } = parsed.data;
  const { layers: own, undone, ...plain } = settings;
  return {
    ...rest,
    over: toWords(over),
    settings: {
      ...plain,
      ...(own === undefined ? {} : { layers: toLayers(own) }),
      ...(undone === undefined
        ? {}
        : { undone: Object.fromEntries(Object.entries(undone).map(([name, each]) => [name, toWords(each)])) }),
    },
  };
}

const toLayers = (given: z.output<typeof layers>): Words['layers'] =>
  Object.fromEntries(Object.entries(given).map(([name, each]) => [name, layerConfig(each)]));

const toWords = (given: z.output<typeof words>): Words => ({ ...given, layers: toLayers(given.layers) });
