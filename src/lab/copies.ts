import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeHandler } from '../adapters/node.ts';
import { makeTexts } from '../builds/maker.ts';
import type { Make } from '../builds/shelf.ts';
import type { Config } from '../guard/config.ts';
import { createGuard } from '../index.ts';
import { kindOf } from './answer.ts';
import { type Step, toWrite } from './by-hand.ts';
import { createSender } from './http.ts';
import { readBuild } from './read-build.ts';
import { parseTarget } from './target.ts';
import { createWireClient, type ReadsBuilds } from './wire-client.ts';

/** What builds of the page's script (docs/builds.md) are worth against programs that copy the frontend. */
export interface CopiesReport {
  /** How long a program takes to get a build's names out of the script, by running it: milliseconds, once for each build. */
  readonly readMs: number;
  /** How long the gate takes to make a build: milliseconds. */
  readonly makeMs: number;
  readonly copies: readonly CopyRow[];
  /** Signed calls of what stands in the script and nothing uses: until the first was noted, until the session was banned. */
  readonly decoys: { readonly noted: number; readonly banned: number };
}

/** One way of copying. */
export interface CopyRow {
  readonly name: string;
  /** What builds add to what somebody does by hand who has a client of the protocol: once, and for each build. */
  readonly once: readonly Step[];
  readonly each: readonly Step[];
  /** Whether a program takes the names out of each build, in {@link CopiesReport.readMs}. */
  readonly reads: boolean;
  /** Of {@link CALLS} calls, how many were admitted: in the build that was copied, and in the ones after the last that is taken. */
  readonly admitted: number;
  readonly admittedLater: number;
  /** Whole hours until it was let in no more, {@link WATCHED} for not so long; of an `hour` build by default. */
  readonly hours: number;
}

export const CALLS = 20;
/** Hours that a copy is watched for. */
export const WATCHED = 24;
const HOUR_MS = 3_600_000;
/** Milliseconds that the next build may take: its text is that of the first, under other names. */
const TURN_MS = 30_000;
const DECOY = '/api/admin/export';

const RENAME = toWrite('rename the client’s fields by a table');
const FIND = toWrite('find the names and the label in the script, and copy them');
const RUN_SCRIPT = toWrite('a program that runs the script with a stand-in for the page and takes the names out');

const WAYS: readonly (Pick<CopyRow, 'name' | 'once' | 'each'> & { readonly takes: ReadsBuilds })[] = [
  { name: 'a client of the protocol, in its own names', once: [], each: [], takes: 'never' },
  {
    name: 'the same, with the names of one build copied by hand',
    once: [RENAME],
    each: [FIND],
    takes: 'once',
  },
  {
    name: 'the same, which runs the script for its names',
    once: [RENAME, RUN_SCRIPT],
    each: [],
    takes: 'always',
  },
];

/** Starts an app of its own on loopback, whose clock it turns. Needs javascript-obfuscator. */
export async function measureCopies(config: Config = { builds: 'hour' }): Promise<CopiesReport> {
  const shop = await openShop({ ...config, decoys: [`GET ${DECOY}`], bans: { after: 3 } });
  try {
    const { makeMs } = shop;
    const readMs = timeToRead(await shop.script());
    const decoys = await tryDecoys(shop);
    const copies: CopyRow[] = [];
    for (const way of WAYS) copies.push(await watchCopy(shop, way));
    return { readMs, makeMs, copies, decoys };
  } finally {
    await shop.close();
  }
}

interface Shop {
  readonly origin: string;
  readonly makeMs: number;
  readonly now: () => number;
  /** Lets an hour pass, and waits for the build of the next. */
  hourLater(): Promise<void>;
  /** The script that pages get now. */
  script(): Promise<string>;
  /** Notes on decoys so far. */
  readonly noted: () => number;
  close(): Promise<void>;
}

async function openShop(config: Config): Promise<Shop> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // SAFETY: a server on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  let skew = 0;
  const wall = (): number => Date.now() + skew;
  const clock = { wall, monotonic: () => performance.now() + skew };
  const guard = await createGuard(
    { to: 'http://127.0.0.1:9', mode: 'enforce', ...config, listen: `127.0.0.1:${port}` },
    { clock, makeBuild: firstInEarnest() },
  );
  let noted = 0;
  guard.onDecision(({ note = '' }) => {
    if (note.startsWith('decoy ')) noted++;
  });
  server.on(
    'request',
    createNodeHandler(guard, (request, response, _decision, view) => {
      request.resume();
      const stamp = request.url === '/' ? guard.stampFor(view, 'no-store') : null;
      if (stamp !== null) response.appendHeader('set-cookie', stamp);
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      response.end(`<!doctype html><html><head>${guard.scriptTag('')}</head><body>Things</body></html>`);
    }),
  );
  const script = async (): Promise<string> =>
    (await fetch(origin + (/src="([^"]+)"/.exec(guard.scriptTag(''))?.[1] ?? ''))).text();
  return {
    origin,
    makeMs: guard.builds?.().ms ?? 0,
    now: wall,
    noted: () => noted,
    script,
    async hourLater() {
      const before = guard.scriptHash;
      skew += HOUR_MS;
      for (const end = performance.now() + TURN_MS; guard.scriptHash === before; ) {
        if (performance.now() > end) throw new Error('the next build did not come');
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await guard.close();
    },
  };
}

/** The first build is made as every gate makes it; of those that follow, names and labels are enough here. */
function firstInEarnest(): Make {
  let isFirst = true;
  return (texts, recipe, options) => {
    if (!isFirst) return Promise.resolve(texts);
    isFirst = false;
    return makeTexts(texts, recipe, options);
  };
}

function timeToRead(script: string): number {
  const began = performance.now();
  if (readBuild(script) === null) throw new Error('the script gave no names');
  return performance.now() - began;
}

async function watchCopy(shop: Shop, { takes, ...way }: (typeof WAYS)[number]): Promise<CopyRow> {
  const target = parseTarget(`${shop.origin}/api/things`);
  const sender = createSender(target);
  const client = createWireClient(target, '/', sender, shop.now, takes);
  const admitted = async (): Promise<number> => {
    if (!(await client.open()).opened) return 0;
    let passed = 0;
    for (let at = 0; at < CALLS; at++) {
      if (kindOf(await client.call({ method: 'GET' })).by === 'backend') passed++;
    }
    return passed;
  };
  try {
    const first = await admitted();
    let later = first;
    let hours = 0;
    while (later > 0 && hours < WATCHED) {
      await shop.hourLater();
      later = await admitted();
      if (later > 0) hours++;
    }
    return { ...way, reads: takes === 'always', admitted: first, admittedLater: later, hours };
  } finally {
    sender.close();
  }
}

/** Signed calls of a decoy, by a page of its own. */
async function tryDecoys(shop: Shop): Promise<CopiesReport['decoys']> {
  const target = parseTarget(`${shop.origin}/api/things`);
  const sender = createSender(target);
  const client = createWireClient(target, '/', sender, shop.now);
  try {
    await client.open();
    let noted = 0;
    for (let tries = 1; tries <= CALLS; tries++) {
      await client.call({ method: 'GET', at: DECOY });
      if (noted === 0 && shop.noted() > 0) noted = tries;
      const { by, ...said } = kindOf(await client.call({ method: 'GET' }));
      if (by === 'gate' && 'code' in said && said.code === 'banned') return { noted, banned: tries };
    }
    return { noted, banned: 0 };
  } finally {
    sender.close();
  }
}
