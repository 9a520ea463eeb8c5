/** Time spent by an attacker. */
export interface Spend {
  /** Seconds of CPU, user and system together; null where it could not be measured. */
  readonly cpu: number | null;
  /** Seconds on the clock. */
  readonly wall: number;
}

/** What a thousand admitted calls cost the attacker, and how that compares with a plain call of the same run. */
export interface Cost {
  /** CPU seconds per 1,000 admitted calls; null where not measured. */
  readonly cpuSeconds: number | null;
  /** Wall seconds per 1,000 admitted calls, made one after another. */
  readonly wallSeconds: number;
  /** CPU against a plain call of the same run. */
  readonly cpuRatio: number | null;
  readonly wallRatio: number;
  /** `cpuSeconds` at the price the caller named for an hour of one core; null without a price. */
  readonly money: number | null;
}

/** Measures the running process: attackers run in it, the gate and the backend run elsewhere. */
export interface Meter {
  start(): () => Spend;
}

export const processMeter: Meter = {
  start() {
    const cpu = process.cpuUsage();
    const wall = performance.now();
    return () => {
      const used = process.cpuUsage(cpu);
      return { cpu: (used.user + used.system) / 1e6, wall: (performance.now() - wall) / 1e3 };
    };
  },
};

export function addSpend(a: Spend, b: Spend): Spend {
  return { cpu: a.cpu === null || b.cpu === null ? null : a.cpu + b.cpu, wall: a.wall + b.wall };
}

/** Null where nothing was admitted: what never succeeds has no price. `plain` is the spend of one plain call. */
export function costOf(spend: Spend, admitted: number, plain: Spend | null, hour: number | null): Cost | null {
  if (admitted === 0) return null;
  const cpuSeconds = spend.cpu === null ? null : (spend.cpu / admitted) * 1000;
  const wallSeconds = (spend.wall / admitted) * 1000;
  return {
    cpuSeconds,
    wallSeconds,
    cpuRatio: cpuSeconds === null || plain === null || !plain.cpu ? null : cpuSeconds / (plain.cpu * 1000),
    wallRatio: plain === null || plain.wall === 0 ? Number.NaN : wallSeconds / (plain.wall * 1000),
    money: cpuSeconds === null || hour === null ? null : (cpuSeconds / 3600) * hour,
  };
}
