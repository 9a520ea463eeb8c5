import { visible } from '../../lib/visible.ts';

/** What is wrong with a token: a value, for the record alone. */
export class Fault {
  /** Which rule it broke: `exp: 31 s ago`. No part of a token but what is needed to find the cause. */
  readonly rule: string;
  /** Seconds after which the answer may be another one, where nothing was decided (an issuer is down); else 0. */
  readonly unsure: number;

  constructor(rule: string, unsure: number) {
    this.rule = rule;
    this.unsure = unsure;
  }
}

export const fault = (rule: string, unsure = 0): Fault => new Fault(rule, unsure);

/** What a stranger wrote, short and on one line. */
export const quote = (value: unknown): string => visible(JSON.stringify(value) ?? 'nothing').slice(0, 80);
