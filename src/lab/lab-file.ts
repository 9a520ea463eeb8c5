import type { Config } from '../guard/config.ts';
import type { LabOptions } from './options.ts';

/** What `sallyport.lab.ts` exports: what a run needs that no gate knows, such as people at a provider, or tokens. */
export type LabFile = LabOptions | ((gate: LabGate) => LabOptions | Promise<LabOptions>);

/** The gate that is about to be attacked. */
export interface LabGate {
  /** `http://localhost:4000` */
  readonly url: string;
  /** Its configuration without secrets; `{}` where the gate is not this user's. */
  readonly config: Config;
}

/** Only gives the type. */
export const defineLab = (file: LabFile): LabFile => file;
