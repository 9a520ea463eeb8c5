import { EVERYBODY, NOBODY, shareFrom } from '../guard/rollout.ts';
import type { Words } from '../guard/switch.ts';
import { policyIdOf, type Terms } from '../guard/terms.ts';

/** Whom a change has newly reached. */
export interface Reach {
  /** By this layer alone; '' for all that have no line of their own here. */
  readonly layer: string;
  /** Buckets, the second excluded. */
  readonly from: number;
  readonly to: number;
}

/** Whom a change can have hurt: where version or policy changed everybody, else those whom a larger share has reached. */
export function reached(before: Terms, after: Terms): readonly Reach[] {
  if (policyIdOf(before) !== policyIdOf(after)) return [{ layer: '', from: NOBODY, to: EVERYBODY }];
  const layers = new Set([...Object.keys(before.words.layers), ...Object.keys(after.words.layers)]);
  return ['', ...layers]
    .map((layer) => ({ layer, from: shareIn(before.words, layer), to: shareIn(after.words, layer) }))
    .filter(({ from, to }) => to > from);
}

/** Buckets that a layer is enforced for, as far as words say. */
export function shareIn({ mode, rollout, layers }: Words, layer: string): number {
  const own = layers[layer];
  return mode === 'report' || own?.mode === 'report' ? NOBODY : shareFrom(own?.rollout ?? rollout);
}
