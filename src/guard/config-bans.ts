import type { BanCode } from './ban-codes.ts';
import type { Config } from './config.ts';

/** Bans that a rule makes, and that end. */
export interface BansConfig {
  /** Failures after which one comes, 3 at least. Default 5. */
  after?: number;
  /** Seconds in which they have to lie. Default 600. */
  within?: number;
  /** Refusals that are failures, besides calls of `decoys`. Default `['order', 'not-served']`. */
  codes?: BanCode[];
  /** Seconds of the longest ban. The first of a session, key or user lasts 60 s, each further one four times as long. Default 3600. */
  longest?: number;
  /**
   * Seconds in which a network prefix may open no new session once three of its sessions were banned, 600 at most; its other
   * sessions go on. Default 0: never.
   */
  prefix?: number;
}

export interface BanRule {
  readonly after: number;
  /** Milliseconds. */
  readonly within: number;
  readonly codes: ReadonlySet<string>;
  /** Milliseconds. */
  readonly longest: number;
  /** Milliseconds; 0 for never. */
  readonly prefix: number;
}

export function compileBans({ bans }: Config): BanRule | null {
  if (bans === undefined) return null;
  const { after = 5, within = 600, codes = ['order', 'not-served'], longest = 3600, prefix = 0 } = bans;
  return { after, within: within * 1000, codes: new Set(codes), longest: longest * 1000, prefix: prefix * 1000 };
}
