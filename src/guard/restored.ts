import type { Config } from './config.ts';

/** How one layer goes on, because a change of it did harm (src/gateway/guard-rail.ts). */
export interface Restored {
  /** As this configuration has it. */
  readonly config: Config;
  /** Only recorded for sessions that began before, milliseconds since 1970; 0 for none. */
  readonly spares: number;
}
