import type { Config, Mode } from '../../guard/config.ts';
import type { LabOptions } from '../options.ts';
import type { SettingName } from './settings.ts';

/** Opens the gates that evidence is gathered at, one at a time. They are not in the lab's own process: it measures itself. */
export interface Gates {
  /** Closes the one before. Rejects where the gate does not start. */
  open(order: GateOrder): Promise<OpenGate>;
}

export interface GateOrder {
  readonly setting: SettingName;
  /** Layers whose mode is another than the gate's. */
  readonly layers?: Readonly<Record<string, Mode>>;
}

export interface OpenGate {
  /** The address under attack. */
  readonly url: string;
  /** Its configuration, without secrets and functions. */
  readonly config: Config;
  /** Of that configuration; see digestOf. */
  readonly digest: string;
  /** Keys and tokens for this gate alone, as far as it gives any. */
  readonly given: Pick<LabOptions, 'issued' | 'token' | 'unfitTokens'>;
  /** Names of the layers that some route asks and that can be switched. */
  readonly layers: readonly string[];
}
