import type { Mode } from './config.ts';

/** How one layer is taken, where it differs from the rest. */
export interface LayerConfig {
  mode?: Mode;
  /** Share of sessions that it is enforced for: `'5%'`. Default: the route's. */
  rollout?: string;
}

/** Buckets that sessions fall into. A share of them is a number of buckets, from the first on: more of them only adds. */
export const BUCKETS = 10_000;

/** Enforced for nobody; for everybody. */
export const NOBODY = 0;
export const EVERYBODY = BUCKETS;

/**
 * Layers that say who may call, or what it costs: of them a share would be a hole, because whoever is outside would be let
 * in. They hold for everybody as soon as the gate enforces.
 */
export const NEVER_ROLLED_OUT: ReadonlySet<string> = new Set([
  ...['lists', 'test-pass', 'key', 'bot', 'crawler', 'subject', 'ban-rule', 'ban', 'authorization'],
  ...['budget', 'degrade', 'creator', 'can'],
]);

const SHARE = /^(100(?:\.0{1,2})?|\d{1,2}(?:\.\d{1,2})?) ?%$/;

/** `'5%'`, `'0.25%'`, `'100%'` in buckets; null for what is no share. */
export function parseShare(text: string): number | null {
  const percent = SHARE.exec(text)?.[1];
  return percent === undefined ? null : Math.round(Number(percent) * (BUCKETS / 100));
}

/** `'5%'` */
export const formatShare = (share: number): string => `${(share * 100) / BUCKETS}%`;

/** Of a configured share; everybody without one. */
export function shareFrom(text: string | undefined, otherwise: number = EVERYBODY): number {
  return text === undefined ? otherwise : (parseShare(text) ?? otherwise);
}

/** A mode alone stands for the object that has it. */
export const layerConfig = (given: Mode | LayerConfig): LayerConfig =>
  typeof given === 'string' ? { mode: given } : given;

export const isPartial = (share: number): boolean => share > NOBODY && share < EVERYBODY;

/** Whose request it is, by what was sealed here: nobody makes that up. */
export interface Visitor {
  /** Session id, base64url: never to be written down. */
  readonly session: string;
  /** When the session began: seconds since 1970. */
  readonly created: number;
  /** From 0 to 9999. */
  readonly bucket: number;
}
