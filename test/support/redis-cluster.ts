import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type RedisServer, startRedis } from './redis.ts';

/** Three masters, each with a replica, on free ports of loopback. */
export interface RedisCluster {
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** The masters now, as the cluster has it. */
  masters(): Promise<readonly RedisServer[]>;
  /** Until every slot has a master, and every one of these many masters is known. */
  whole(masters: number): Promise<void>;
  stop(): Promise<void>;
}

/** A master counts as gone after this many milliseconds. */
const NODE_TIMEOUT = 1000;

export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  for (let index = 0; index < 6; index += 1) {
    nodes.push(
      await startRedis([
        ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-node-timeout', `${NODE_TIMEOUT}`, '--cluster-replica-validity-factor', '0'],
        ...['--repl-diskless-sync-delay', '0'],
      ]),
    );
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await cli(['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);

  const masters = async (): Promise<readonly RedisServer[]> => {
    for (const { port } of nodes) {
      const table = await cli(['-p', `${port}`, 'cluster', 'nodes']).catch(() => '');
      const lines = table
        .split('\n')
        .filter((line) => /\bmaster\b/.test(line) && !/fail/.test(line) && / connected \d/.test(line));
      const ports = lines.map((line) => Number(/127\.0\.0\.1:(\d+)@/.exec(line)?.[1]));
      if (ports.length > 0) return nodes.filter((node) => ports.includes(node.port));
    }
    return [];
  };
  const whole = async (count: number): Promise<void> => {
    for (;;) {
      const now = await masters();
      const states = await Promise.all(
        now.map(({ port }) => cli(['-p', `${port}`, 'cluster', 'info']).catch(() => '')),
      );
      if (now.length === count && states.every((state) => state.includes('cluster_state:ok'))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await whole(3);
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes,
    masters,
    whole,
    async stop() {
      for (const node of nodes) await node.stop();
    },
  };
}

/** What `redis-cli` prints. */
export async function cli(args: readonly string[]): Promise<string> {
  const child = spawn('redis-cli', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`redis-cli ${args[0]} ended with ${code}: ${out.slice(-500)}`);
  return out;
}
