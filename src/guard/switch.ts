import type { Mode } from './config.ts';
import type { LayerConfig } from './rollout.ts';

/** What a configuration says of modes and shares. */
export interface Words {
  readonly mode: Mode;
  readonly rollout: string;
  readonly layers: Readonly<Record<string, LayerConfig>>;
}

/** What was switched live, in place of what file and flags say. Fields that are absent were not. */
export interface Settings {
  readonly mode?: Mode;
  readonly rollout?: string;
  readonly layers?: Readonly<Record<string, LayerConfig>>;
  /** Layers that go on as these words have them, because a later step of theirs did harm. */
  readonly undone?: Readonly<Record<string, Words>>;
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
