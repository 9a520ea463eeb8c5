import { startChild } from '../lib/child.ts';
import type { Goal } from '../lib/goal.ts';
import { freshSide, GET, plainSide, POST, signedSide } from '../lib/guarded.ts';
import { inPairs } from '../lib/pairs.ts';
import { atLeast, shown } from '../lib/report.ts';

/** Goal 2: a guarded node:http server against a bare one. */
export const http: Goal = async ({ form, rounds, seconds }) => {
  const bare = await startChild('bare', {}, form.flags);
  const guarded = await startChild('guarded', {}, form.flags);
  try {
    const get = await inPairs(rounds, plainSide(bare, GET, seconds), await signedSide(guarded, GET, seconds));
    const post = await inPairs(rounds, plainSide(bare, POST, seconds), await signedSide(guarded, POST, seconds));
    const fresh = await inPairs(rounds, plainSide(bare, GET, 1), freshSide(guarded, GET, 1));
    return [
      atLeast(2, 'guarded / bare node:http, requests per second, GET, cached tickets', get.throughput, 0.65),
      shown(2, 'guarded / bare node:http, CPU per request, GET, cached tickets', get.cpu),
      shown(2, 'guarded / bare node:http, requests per second, POST with digest, cached tickets', post.throughput),
      shown(2, 'guarded / bare node:http, CPU per request, POST with digest, cached tickets', post.cpu),
      atLeast(2, 'guarded / bare node:http, requests per second, GET, a new ticket every time', fresh.throughput, 0.45),
      shown(2, 'guarded / bare node:http, CPU per request, GET, a new ticket every time', fresh.cpu),
    ];
  } finally {
    await bare.stop();
    await guarded.stop();
  }
};
