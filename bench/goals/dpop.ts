import { startChild } from '../lib/child.ts';
import { createDpopClient } from '../lib/dpop-client.ts';
import type { Goal } from '../lib/goal.ts';
import { GET, signedSide } from '../lib/guarded.ts';
import { type Rates, shoot } from '../lib/load.ts';
import { inPairs } from '../lib/pairs.ts';
import { atLeast, shown } from '../lib/report.ts';
import { plainShot, type Shot } from '../lib/shot.ts';

/** Goal 4: a guarded node:http server against one that checks DPoP on every request. */
export const dpop: Goal = async ({ form, rounds, seconds }) => {
  const client = await createDpopClient();
  const guarded = await startChild('guarded', {}, form.flags);
  const peer = await startChild('dpop', { issuerKey: JSON.stringify(client.issuerKey) });
  let expected = 6000;
  const provedSide = async (): Promise<Rates> => {
    const plain = plainShot(new URL(peer.origin).host, GET.method, GET.path);
    const prove = async (): Promise<Shot> => ({
      ...plain,
      fields: [
        ...plain.fields,
        'Authorization',
        `DPoP ${client.token}`,
        'DPoP',
        await client.prove(GET.method, peer.origin + GET.path),
      ],
    });
    const shots = await Promise.all(Array.from({ length: expected * seconds }, prove));
    const rates = await shoot(peer, shots, seconds);
    expected = Math.ceil(rates.throughput * 1.6) + 500;
    return rates;
  };
  try {
    const pairs = await inPairs(rounds, provedSide, await signedSide(guarded, GET, seconds));
    return [
      atLeast(4, 'guarded / DPoP per request, requests per second', pairs.throughput, 8),
      shown(4, 'guarded / DPoP per request, CPU per request', pairs.cpu),
    ];
  } finally {
    await guarded.stop();
    await peer.stop();
  }
};
