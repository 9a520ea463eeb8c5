import type { Config, Mode } from './config.ts';
import type { LayerConfig } from './rollout.ts';

/** What a configuration says of modes and shares. */
export interface Words {
  readonly mode: Mode;
  readonly rollout: string;
  readonly layers: Readonly<Record<string, LayerConfig>>;
}

/** How a layer goes on because a change of it did harm: as these words have it. */
export interface Undone extends Words {
  /** Under which version and policy it did harm: there alone this holds. Absent where only modes and shares had changed. */
  readonly of?: string;
  /** What was asked of pages before, where that had changed. */
  readonly pages?: Config;
  /** Sessions that began before are only recorded, milliseconds since 1970: what ran before is gone with its version. */
  readonly spares?: number;
}

/** What was switched live, in place of what file and flags say. Fields that are absent were not. */
export interface Settings {
  readonly mode?: Mode;
  readonly rollout?: string;
  readonly layers?: Readonly<Record<string, LayerConfig>>;
  /** Layers that go on as before, because a later change of them did harm. */
  readonly undone?: Readonly<Record<string, Undone>>;
}

/** One switch, as it travels. */
export interface Switch {
  /** Above that of every switch before. */
  readonly counter: number;
  /** Milliseconds since 1970, by the clock of the gate that made it. */
  readonly at: number;
  /** `admin`, `guard rail`, and of which machine. */
  readonly by: string;
  readonly settings: Settings;
  /** What the file of that gate said: where another says something else, it has been changed since, or is another's. */
  readonly over: Words;
}
