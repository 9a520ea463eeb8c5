import { kindOf } from '../answer.ts';
import { createSender } from '../http.ts';
import { parseTarget } from '../target.ts';
import { createWireClient, type WireClient } from '../wire-client.ts';
import type { Deed } from './people.ts';
import { LIST } from './rule-sets.ts';
import type { Shop } from './walk.ts';

/** How people fared. */
export interface People {
  readonly sessions: number;
  readonly calls: number;
  /** People of whom any call was held up or refused for how they use it. */
  readonly held: number;
}

/** Codes by which a gate says that somebody uses it too much, or as nobody does. */
const HELD: readonly string[] = ['limit', 'behaviour'];
const NOTHING = Buffer.from('{}');

/**
 * So many people, each in a session of their own, all at once, as a shop has them: between two calls of one come those of
 * others. The gate's clock is put forward by their pauses.
 */
export async function walkPeople(shop: Shop, visit: () => readonly Deed[], sessions: number): Promise<People> {
  const target = parseTarget(`http://127.0.0.1:${shop.port}${LIST}`);
  const sender = createSender(target);
  const now = (): number => Date.now() + shop.ahead();
  const held = new Set<WireClient>();
  let calls = 0;
  try {
    const people = Array.from({ length: sessions }, () => createWireClient(target, '/', sender, now));
    for (const person of people) await opened(person);
    const began = now();
    for (const { at, deed, person } of inOrder(people, visit)) {
      if (held.has(person)) continue;
      const early = began + at * 1000 - now();
      if (early > 0) await shop.advance(early);
      calls += 1;
      if (await isHeld(person, deed)) held.add(person);
    }
    return { sessions, calls, held: held.size };
  } finally {
    sender.close();
  }
}

interface Event {
  /** Seconds since all began. */
  readonly at: number;
  readonly deed: Deed;
  readonly person: WireClient;
}

function inOrder(people: readonly WireClient[], visit: () => readonly Deed[]): Event[] {
  const events = people.flatMap((person) => {
    let at = 0;
    return visit().map((deed) => {
      at += deed.pause;
      return { at, deed, person };
    });
  });
  return events.sort((one, other) => one.at - other.at);
}

async function isHeld(person: WireClient, { method, at }: Deed): Promise<boolean> {
  const call = method === 'GET' ? { method, at } : { method, at, body: NOTHING, contentType: 'application/json' };
  let kind = kindOf(await person.call(call));
  if (kind.by === 'gate' && !HELD.includes(kind.code)) {
    // As the page: a ticket that has run out is renewed, and the call is made again.
    await opened(person);
    kind = kindOf(await person.call(call));
  }
  if (kind.by === 'backend') return false;
  if (kind.by === 'gate' && HELD.includes(kind.code)) return true;
  throw new Error(`a call of a person was not answered: ${kind.by === 'gate' ? kind.code : kind.why}`);
}

async function opened(person: WireClient): Promise<void> {
  const { opened, why } = await person.open();
  if (!opened) throw new Error(`a person did not get in: ${why}`);
}
