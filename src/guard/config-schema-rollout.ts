import * as z from 'zod/mini';
import type { Config } from './config.ts';
import { choice, fields, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import { NEVER_ROLLED_OUT, parseShare } from './rollout.ts';

const RULE = 'write a share of sessions, as in "5%", with two decimals at most';

export const shareSchema = text((value) => (parseShare(value) === null ? RULE : ''), RULE);

const mode = choice('report', 'enforce');

/** The shape of {@link Config.layers}' values. */
export const layerSchema = z.union(
  [mode, fields({ mode: optional(mode), rollout: optional(shareSchema) })],
  'write "report" or "enforce", or an object, as in { rollout: "5%" }',
);

export const guardRailSchema = z.union(
  [fields({ share: optional(shareSchema), networks: optional(whole(1, 'networks')) }), z.literal(false)],
  'write an object, as in { share: "10%", networks: 5 }, or false',
);

const WEBHOOK = 'write an https:// address (http:// on loopback alone): what it tells is for nobody else';

/** Whoever sits in between would learn what the gate has stopped doing. */
const webhook = text((value) => {
  const url = URL.parse(value);
  const isPlain = url?.protocol === 'http:' && isLoopback(url.hostname);
  return url?.protocol === 'https:' || isPlain ? '' : WEBHOOK;
}, WEBHOOK);

export const alertsSchema = fields({ webhook });

/** Who may call, and what it costs, is not for a share of the callers to find out. */
export function rolloutProblems({ layers = {} }: Config): ConfigProblem[] {
  return Object.entries(layers).flatMap(([name, given]) => {
    if (typeof given === 'string' || given.rollout === undefined || !NEVER_ROLLED_OUT.has(name)) return [];
    const rule = `${name} says who may call or what it costs, and has no roll-out: it holds for everybody or, with "report", for nobody`;
    return [{ field: `layers.${name}.rollout`, value: JSON.stringify(given.rollout), rule }];
  });
}
