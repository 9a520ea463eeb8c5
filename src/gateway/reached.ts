import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../guard/config.ts';
import { EVERYBODY, NOBODY, shareFrom } from '../guard/rollout.ts';
import { wordsOf } from './live.ts';

/** Whom a change has newly reached. */
export interface Reach {
  /** By this layer alone; '' for all that have no line of their own here. */
  readonly layer: string;
  /** Buckets, the second excluded. */
  readonly from: number;
  readonly to: number;
}

/** Whether two configurations differ by more than modes and shares. */
export function isOtherPolicy(before: Config, after: Config): boolean {
  return !isDeepStrictEqual(withoutWords(before), withoutWords(after));
}

/** Whom a change can have hurt: where policy itself changed everybody, else those whom a larger share has reached. */
export function reached(before: Config, after: Config): readonly Reach[] {
  if (isOtherPolicy(before, after)) return [{ layer: '', from: NOBODY, to: EVERYBODY }];
  const layers = new Set([...Object.keys(wordsOf(before).layers), ...Object.keys(wordsOf(after).layers)]);
  return ['', ...layers]
    .map((layer) => ({ layer, from: shareIn(before, layer), to: shareIn(after, layer) }))
    .filter(({ from, to }) => to > from);
}

function shareIn(config: Config, layer: string): number {
  const { mode, rollout, layers } = wordsOf(config);
  const own = layers[layer];
  return mode === 'report' || own?.mode === 'report' ? NOBODY : shareFrom(own?.rollout ?? rollout);
}

const withoutWords = ({ mode: _mode, rollout: _rollout, layers: _layers, ...rest }: Config): object => rest;
