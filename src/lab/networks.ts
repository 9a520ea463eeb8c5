import { randomInt } from 'node:crypto';
import { kindOf } from './answer.ts';
import { plainRequest } from './attempts.ts';
import type { Sender } from './http.ts';
import type { Lab } from './lab.ts';
import { NotRun, ONE_NETWORK } from './not-run.ts';
import type { Tally } from './tally.ts';

/**
 * Addresses that nobody else of this run comes from. Where systems give all of 127.0.0.0/8 to the machine itself, as Linux
 * does, each is a client of its own to the gate; drawn anew for each run, so that none has a past.
 */
export function networks(count: number): readonly string[] {
  const [start, block] = [randomInt(0, 0x10000), randomInt(64, 128)];
  return Array.from({ length: count }, (_, index) => {
    const at = (start + index) % 0x10000;
    return `127.${block}.${at >> 8}.${(at & 0xff) === 0 ? 255 : at & 0xff}`;
  });
}

/** A new connection from this address. Throws NotRun where the machine has it not. */
export async function fromNetwork(lab: Lab, tally: Tally, address: string): Promise<Sender> {
  const sender = lab.sender(address);
  const plain = await sender.send(plainRequest(lab));
  if (plain.failed !== '') throw new NotRun(ONE_NETWORK);
  if (kindOf(plain).by === 'backend') tally.honest();
  return sender;
}
