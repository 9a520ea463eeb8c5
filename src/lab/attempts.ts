import { kindOf } from './answer.ts';
import type { RawRequest, Sender } from './http.ts';
import { type Lab, NotRun } from './lab.ts';
import type { Tally } from './tally.ts';
import type { Opening } from './wire-client.ts';

/**
 * Makes up to `count` tries one after another within the attacker's time and writes down what they cost. The maker
 * may build a request each time: that is part of the price.
 */
export async function attempt(
  lab: Lab,
  tally: Tally,
  sender: Sender,
  count: number,
  make: (index: number) => RawRequest | Promise<RawRequest>,
): Promise<void> {
  const before = tally.admitted;
  const stop = tally.meter.start();
  for (let i = 0; i < count && lab.now() < lab.until; i++) {
    tally.add(kindOf(await sender.send(await make(i))));
  }
  tally.spent(stop(), tally.admitted - before);
}

/**
 * Whether a client has an open door to call through. A refused entry is a try that was stopped; a spent mint limit
 * or an address without a gate teaches nothing.
 */
export function wentThrough(opening: Opening, tally: Tally): boolean {
  if (opening.opened) return true;
  if (opening.kind.by !== 'gate') throw new NotRun(opening.why);
  if (opening.kind.code === 'limit')
    throw new NotRun('new sessions are limited for now by entries made before; try again in a minute');
  tally.add(opening.kind);
  tally.note(opening.why);
  return false;
}

/** A request as a program without any knowledge of the gate sends it. */
export function plainRequest(lab: Pick<Lab, 'target' | 'method'>, fields: readonly string[] = []): RawRequest {
  const { target } = lab;
  return {
    method: lab.method,
    target: target.path + target.query,
    fields: ['Host', target.authority, 'Accept', '*/*', ...fields],
    body: null,
  };
}
