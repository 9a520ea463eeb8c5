import { type Child, startChild } from '../lib/child.ts';
import type { Effort, Goal } from '../lib/goal.ts';
import { type Call, GET, plainSide, POST, signedSide } from '../lib/guarded.ts';
import { startNginx } from '../lib/nginx.ts';
import { inPairs } from '../lib/pairs.ts';
import { atLeast, type Result, shown } from '../lib/report.ts';

interface Peer {
  readonly name: string;
  readonly post: number;
  readonly get: number;
  start(to: string): Promise<Child | null>;
}

const PEERS: readonly Peer[] = [
  { name: 'http-proxy', post: 1.3, get: 1.3, start: (to) => startChild('http-proxy', { to }) },
  { name: 'http-proxy-3', post: 1.4, get: 1.3, start: (to) => startChild('http-proxy-3', { to }) },
  { name: '@fastify/http-proxy', post: 1.5, get: 1.1, start: (to) => startChild('fastify-http-proxy', { to }) },
];

/** Goal 5: the gate, guarding, against proxies that guard nothing; nginx's CPU beside it. */
export const proxies: Goal = async (effort) => {
  const backend = (await startNginx(null)) ?? (await startChild('bare'));
  const gate = await startChild('gate', { to: backend.origin }, effort.form.flags);
  const results: Result[] = [];
  try {
    for (const peer of PEERS) results.push(...(await against(peer, backend.origin, gate, effort)));
    results.push(...(await besideNginx(backend.origin, gate, effort)));
  } finally {
    await gate.stop();
    await backend.stop();
  }
  return results;
};

async function against(peer: Peer, backend: string, gate: Child, effort: Effort): Promise<Result[]> {
  const other = await peer.start(backend);
  if (other === null) return [];
  try {
    const post = await pairOf(other, gate, POST, effort);
    const get = await pairOf(other, gate, GET, effort);
    return [
      atLeast(5, `guarded gate / unguarded ${peer.name}, requests per second, POST`, post.throughput, peer.post),
      shown(5, `guarded gate / unguarded ${peer.name}, CPU per request, POST`, post.cpu),
      atLeast(5, `guarded gate / unguarded ${peer.name}, requests per second, GET`, get.throughput, peer.get),
      shown(5, `guarded gate / unguarded ${peer.name}, CPU per request, GET`, get.cpu),
    ];
  } finally {
    await other.stop();
  }
}

async function besideNginx(backend: string, gate: Child, effort: Effort): Promise<Result[]> {
  const nginx = await startNginx(backend);
  if (nginx === null) return [];
  try {
    const post = await pairOf(nginx, gate, POST, effort);
    return [
      shown(5, 'guarded gate / unguarded nginx, CPU per request, POST', post.cpu),
      shown(5, 'guarded gate / unguarded nginx, requests per second, POST', post.throughput),
    ];
  } finally {
    await nginx.stop();
  }
}

async function pairOf(peer: Child, gate: Child, call: Call, { rounds, seconds }: Effort) {
  return inPairs(rounds, plainSide(peer, call, seconds), await signedSide(gate, call, seconds));
}
