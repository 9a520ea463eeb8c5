import { request } from 'undici';
import type { Child } from './child.ts';
import { type Door, openDoors, signedShot, withoutConnection } from './client.ts';
import { type Rates, shoot } from './load.ts';
import { plainShot, type Shot } from './shot.ts';

/** What is sent in one round of one side. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string;
}

export const GET: Call = { method: 'GET', path: '/api/posts/7', body: '' };
export const POST: Call = {
  method: 'POST',
  path: '/api/posts',
  body: JSON.stringify({ title: 'A post', text: 'y'.repeat(80) }),
};

/** More than any server here answers in a second: what runs short is refused, and refusals fail the run. */
const PER_SECOND = 45_000;

/** Rounds against a server that asks for no proof. */
export function plainSide(server: Child, call: Call, seconds: number): () => Promise<Rates> {
  const shot = plainShot(new URL(server.origin).host, call.method, call.path, call.body);
  return () => shoot(server, [shot], seconds);
}

/** Rounds against a guarded server by pages that entered long ago: every call carries a fresh proof. */
export async function signedSide(server: Child, call: Call, seconds: number): Promise<() => Promise<Rates>> {
  const doors = await openDoors(server.origin, 64);
  await assertReplayRefused(server, doors, call);
  let expected = PER_SECOND;
  return async () => {
    const rates = await shoot(server, signed(doors, call, expected * seconds), seconds);
    expected = Math.min(PER_SECOND, Math.ceil(rates.throughput * 2) + 1000);
    return rates;
  };
}

/** Rounds in which every call comes under a ticket that the server has never seen. */
export function freshSide(server: Child, call: Call, seconds: number): () => Promise<Rates> {
  let expected = 4000;
  return async () => {
    for (;;) {
      const doors = await openDoors(server.origin, expected * seconds);
      try {
        const rates = await shoot(server, signed(doors, call, doors.length), seconds);
        expected = Math.ceil(rates.throughput * 1.4);
        return rates;
      } catch (error) {
        if (expected > PER_SECOND) throw error;
        expected *= 2;
      }
    }
  };
}

function signed(doors: readonly Door[], call: Call, count: number): Shot[] {
  return Array.from({ length: count }, (_, at) => {
    const door = doors[at % doors.length];
    if (door === undefined) throw new RangeError('no doors are open');
    return signedShot(door, call.method, call.path, call.body);
  });
}

/** The bench measures a guard that guards: the same call a second time, altered, or unsigned is refused. */
async function assertReplayRefused(server: Child, doors: readonly Door[], call: Call): Promise<void> {
  const [shot] = signed(doors, call, 1);
  if (shot === undefined) throw new RangeError('nothing to send');
  const statuses = [
    await statusOf(server, shot),
    await statusOf(server, shot),
    await statusOf(server, { ...shot, path: `${shot.path}x` }),
    await statusOf(server, plainShot(new URL(server.origin).host, call.method, call.path, call.body)),
  ];
  const expected = [200, 403, 403, 403];
  if (statuses.join() !== expected.join()) throw new Error(`${server.origin} answered ${statuses}, not ${expected}`);
}

async function statusOf(server: Child, shot: Shot): Promise<number> {
  const body = shot.body === '' ? null : shot.body;
  const answer = await request(server.origin + shot.path, {
    method: shot.method,
    headers: withoutConnection(shot.fields),
    body,
  });
  await answer.body.dump();
  return answer.statusCode;
}
