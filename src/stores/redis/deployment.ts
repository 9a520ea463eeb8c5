import { createHash } from 'node:crypto';
import { connectRedis } from './connection.ts';

/** How a server stands that gates share: what may be lost depends on it. */
export interface Deployment {
  readonly kind: 'one server' | 'a server with replicas' | 'a Cluster';
  readonly version: string;
  /** Replicas of the master that was asked. */
  readonly replicas: number;
  /** Whether it writes each change to a log (AOF); else a restart finds a snapshot at most. */
  readonly logs: boolean;
  /** What it does when its memory is full; `noeviction` is what state wants. */
  readonly eviction: string;
}

const ASK = `return redis.call('INFO', 'server') .. redis.call('INFO', 'replication') .. redis.call('INFO', 'memory') .. redis.call('INFO', 'persistence')`;
const SCRIPT = { name: 'deployment', source: ASK, sha: createHash('sha1').update(ASK).digest('hex') };

/** Asks one server, or one node of a Cluster, what it is. Rejects where it cannot be reached. */
export async function inspectRedis(url: string): Promise<Deployment> {
  const connection = await connectRedis(url, { timeout: 2000 });
  try {
    const info = String(await connection.run(SCRIPT, ['sallyport:{deployment}'], []));
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    const replicas = Number(field('connected_slaves') || '0');
    return {
      kind: connection.cluster ? 'a Cluster' : replicas > 0 ? 'a server with replicas' : 'one server',
      version: field('redis_version'),
      replicas,
      logs: field('aof_enabled') === '1',
      eviction: field('maxmemory_policy'),
    };
  } finally {
    await connection.close();
  }
}
