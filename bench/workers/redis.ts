import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Claims, type EntryClaim, noClaims, type State } from 'sallyport';
import { openRedisState } from 'sallyport/redis';

const { rounds } = JSON.parse(process.argv.at(-1) ?? '{}');
const PAGES = 1000;
const IN_FLIGHT = 64;
const COMMITS = 30_000;
const LONE = 500;

const LIMITED: Claims['use'] = {
  limits: [{ number: 0, name: 'bench', scope: 'session', interval: 0.001, depth: 60_000, wait: 0 }],
  concurrent: [],
};

interface Page {
  readonly claims: Claims;
  readonly session: { readonly place: number; readonly idHigh: number; readonly idLow: number };
}

const figures: Record<'calls' | 'cpu' | 'rate' | 'lone' | 'ruled', number[]> = {
  calls: [],
  cpu: [],
  rate: [],
  lone: [],
  ruled: [],
};
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
const path = join(folder, 'redis.sock');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], {
  stdio: 'ignore',
});
try {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
  const state = await openRedisState(`unix://${path}`, { secret: 'of this run alone', timeout: 10_000 });
  const pages = await enterAll(state);
  for (let round = -1; round < rounds; round += 1) {
    const plain = await many(state, pages, false);
    const ruled = await many(state, pages, true);
    const [calls, lone] = await alone(state, pages);
    if (round < 0) continue;
    figures.cpu.push(plain.cpu);
    figures.rate.push(plain.rate);
    figures.ruled.push(ruled.cpu);
    figures.calls.push(calls);
    figures.lone.push(lone);
  }
  await state.close();
} finally {
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function enterAll(state: State): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let at = 0; at < PAGES; at += 1) {
    const claim: EntryClaim = {
      now: Date.now(),
      windowIdHigh: at + 1,
      windowIdLow: at * 7 + 1,
      windowLife: 3_600_000,
      client: 1,
      session: null,
      newIdHigh: at + 5,
      newIdLow: at * 13 + 9,
      replaces: null,
      prefix: `10.0.${at % 100}`,
      mintsPerMinute: 1e6,
      mintsPerMinuteTotal: 1e6,
      entriesPerMinute: 1e9,
    };
    const grant = await state.enter(claim);
    if (!grant.ok) throw new Error('an entry was refused');
    const claims = {
      ...noClaims(claim.now),
      windowPlace: grant.windowPlace,
      windowIdHigh: at + 1,
      windowIdLow: at * 7 + 1,
    };
    pages.push({ claims, session: grant.session });
  }
  return pages;
}

async function commit(state: State, page: Page): Promise<void> {
  page.claims.nonce += 1;
  page.claims.now = Date.now();
  const code = await state.commit(page.claims);
  if (code !== '') throw new Error(`a commit was refused: ${code}`);
}

/** µs of CPU a commit, and commits a second. */
async function many(state: State, pages: readonly Page[], ruled: boolean): Promise<{ cpu: number; rate: number }> {
  for (const { claims, session } of pages) {
    claims.use = ruled ? LIMITED : noClaims(0).use;
    claims.used = ruled ? newResult() : noClaims(0).used;
    claims.sessionPlace = ruled ? session.place : 0;
    claims.sessionIdHigh = ruled ? session.idHigh : 0;
    claims.sessionIdLow = ruled ? session.idLow : 0;
  }
  let next = 0;
  const [cpu, begun] = [process.cpuUsage(), process.hrtime.bigint()];
  const worker = async () => {
    while (next < COMMITS) {
      next += 1;
      await commit(state, pages[next % PAGES] as Page);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / COMMITS, rate: (COMMITS * 1e9) / Number(process.hrtime.bigint() - begun) };
}

/** Script calls a lone commit, as the server counts them, and µs until it is answered. */
async function alone(state: State, pages: readonly Page[]): Promise<readonly [number, number]> {
  for (const { claims } of pages) {
    claims.use = noClaims(0).use;
    claims.used = noClaims(0).used;
    claims.sessionPlace = claims.sessionIdHigh = claims.sessionIdLow = 0;
  }
  const client = new Redis({ path });
  await client.config('RESETSTAT');
  const begun = process.hrtime.bigint();
  for (let done = 0; done < LONE; done += 1) await commit(state, pages[done % PAGES] as Page);
  const lone = Number(process.hrtime.bigint() - begun) / LONE / 1000;
  const stats = await client.info('commandstats');
  client.disconnect();
  const asked = [...stats.matchAll(/cmdstat_(?:evalsha|eval):calls=(\d+)/g)].reduce(
    (all, [, calls]) => all + Number(calls),
    0,
  );
  // The gate’s own heartbeat is one call a second.
  return [Math.floor(asked / LONE), lone];
}

function newResult(): Claims['used'] {
  return {
    refusedBy: null,
    retryAfter: 0,
    delay: 0,
    tightest: null,
    left: 0,
    fullIn: 0,
    missing: '',
    hold: null,
    short: null,
    reserved: null,
  };
}
