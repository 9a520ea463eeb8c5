import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { describe, test } from 'node:test';
import type { Claims, CommitCode, SessionRef, State } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { openRedisState } from '../../../src/stores/redis/open.ts';
import { compileOrder } from '../../../src/guard/order.ts';
import { type Entered, enter, entryClaim, use, visit } from '../../contract/state/support.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

const SECRET = 'a secret of these tests alone, 32 bytes';
const HOUR = 3_600_000;

const entered = (state: State, session: SessionRef | null = null) => enter(state, { now: Date.now(), session });
const call = (page: Entered, nonce: number): Claims => use(page, nonce, Date.now());

/** What becomes of a commit; `unsure` where the state cannot say. */
const told = async (state: State, claims: Claims): Promise<CommitCode | 'unsure'> => {
  try {
    return await state.commit(claims);
  } catch {
    return 'unsure';
  }
};

/** Asks until the state can say. */
async function answered<T>(ask: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function withServer(
  settings: readonly string[],
  run: (server: RedisServer, open: (name?: string) => Promise<State>, troubles: string[]) => Promise<void>,
): Promise<void> {
  const server = await startRedis(settings);
  const states: State[] = [];
  const troubles: string[] = [];
  try {
    await run(
      server,
      async () => {
        const onTrouble = (trouble: string) => void troubles.push(trouble);
        const state = await openRedisState(server.url, { secret: SECRET, timeout: 1000, settle: 1500, onTrouble });
        states.push(state);
        return state;
      },
      troubles,
    );
  } finally {
    for (const state of states) await state.close();
    await server.stop();
  }
}

const admin = async (server: RedisServer, ...command: [string, ...string[]]): Promise<unknown> => {
  const client = new Redis(server.port, '127.0.0.1');
  try {
    return await client.call(...command);
  } finally {
    client.disconnect();
  }
};

describe('the state on Redis through failures', { concurrency: false }, () => {
  for (const [title, settings] of [
    ['that kept nothing', []],
    ['that kept what it wrote', ['--appendonly', 'yes', '--appendfsync', 'always']],
  ] as const) {
    test(`R48 after a restart of a server ${title} no captured call is taken, and a page goes on by one entry`, async () => {
      await withServer(settings, async (server, open, troubles) => {
        const state = await open();
        const page = await entered(state);
        assert.equal(await state.commit(call(page, 1)), '');
        await server.kill();
        assert.equal(await told(state, call(page, 2)), 'unsure');
        assert.equal(await told(state, call(page, 3)), 'unsure');
        await server.start();
        assert.equal(await answered(() => state.commit(call(page, 1))), 'stale');
        assert.equal(await state.commit(call(page, 4)), 'stale', 'a window is trusted under one master only');
        assert.equal(await state.commit(visit(page.session, Date.now())), 'entry-required');
        const again = await entered(state, page.session);
        assert.equal(again.session.idLow, page.session.idLow);
        assert.equal(await state.commit(call(again, 1)), '');
        assert.equal(await state.commit(call(page, 5)), 'stale');
        assert.deepEqual(
          troubles.map((trouble) => trouble !== ''),
          [true, false],
          'one outage is told once, and its end',
        );
      });
    });
  }

  test('R65 what was done once stays done over a restart of a server that kept what it wrote', async () => {
    await withServer(['--appendonly', 'yes', '--appendfsync', 'always'], async (server, open) => {
      const state = await open();
      const page = await entered(state);
      const orders = compileOrder({ match: 'POST /restarted', once: true });
      const once = (): Claims => ({ ...visit(page.session, Date.now()), orders, used: newUseResult() });
      assert.equal(await state.commit(once()), '');
      await server.kill();
      await server.start();
      await answered(() => entered(state, page.session));
      assert.equal(await state.commit(once()), 'order');
    });
  });

  test('R18 a session that was ended stays ended when the server forgets it, for every gate', async () => {
    await withServer([], async (server, open) => {
      const [knows, other] = [await open(), await open()];
      const [ended, lives] = [await entered(knows), await entered(knows)];
      await knows.revoke(ended.session, Date.now() + HOUR, 'login');
      await server.kill();
      await server.start();
      const back = await answered(() => other.enter(entryClaim({ now: Date.now(), session: ended.session })));
      assert.ok(back.ok);
      assert.equal(back.fresh, true, 'its cookie opens nothing');
      assert.equal(await other.endedBy(ended.session, Date.now()), 'login');
      const stays = await other.enter(entryClaim({ now: Date.now(), session: lives.session }));
      assert.ok(stays.ok);
      assert.equal(stays.fresh, false, 'its neighbour comes back as itself');
    });
  });

  test('R18 it stays ended, too, when the gate that ended it is gone with the server', async () => {
    await withServer([], async (server, open) => {
      const [knows, other] = [await open(), await open()];
      const page = await entered(knows);
      await knows.revoke(page.session, Date.now() + HOUR, 'ended');
      // Before a server takes the next call it has written out what the one before had it tell.
      assert.equal(await knows.endedBy(page.session, Date.now()), 'ended');
      await knows.close();
      await server.kill();
      await server.start();
      const back = await answered(() => other.enter(entryClaim({ now: Date.now(), session: page.session })));
      assert.ok(back.ok);
      assert.equal(back.fresh, true);
      const third = await open();
      const there = await answered(() => third.enter(entryClaim({ now: Date.now(), session: page.session })));
      assert.ok(there.ok);
      assert.equal(there.fresh, true, 'a gate that has never heard of it takes the other’s word');
    });
  });

  test('R18 a session that is ended while no server answers is ended all the same', async () => {
    await withServer([], async (server, open) => {
      const [knows, other] = [await open(), await open()];
      const page = await entered(knows);
      await server.kill();
      await assert.rejects(async () => knows.revoke(page.session, Date.now() + HOUR, 'ended'));
      await server.start();
      const back = await answered(() => other.enter(entryClaim({ now: Date.now(), session: page.session })));
      assert.ok(back.ok);
      assert.equal(back.fresh, true);
    });
  });

  test('R49 a nonce that a key signed before the server changed is not taken again, a new one is', async () => {
    await withServer([], async (server, open) => {
      const state = await open();
      const signed = (keyNonce: string, keyNonceSigned: number): Claims => ({
        ...visit({ place: 0, idHigh: 0, idLow: 0 }, Date.now()),
        key: 'spk_partner',
        keyNonce,
        keyNonceLife: 130_000,
        keyNonceSigned,
      });
      const first = Date.now();
      assert.equal(await told(state, signed('captured', first + 6000)), '');
      await server.kill();
      await server.start();
      await answered(() => state.usage());
      assert.equal(await told(state, signed('captured', first)), 'unsure');
      assert.equal(
        await told(state, signed('fresh', Date.now() + 6000)),
        '',
        'signed after it, as far as clocks agree',
      );
    });
  });

  test('a server that forgot the script is told it again', async () => {
    await withServer([], async (server, open) => {
      const state = await open();
      const page = await entered(state);
      await admin(server, 'SCRIPT', 'FLUSH');
      const many = Array.from({ length: 200 }, (_, index) => state.commit(call(page, index + 1)));
      assert.deepEqual(new Set(await Promise.all(many)), new Set(['']));
    });
  });

  test('R48 a replica admits nothing, and a server that was one for a while trusts no window from before', async () => {
    await withServer([], async (server, open) => {
      const master = await startRedis();
      try {
        const state = await open();
        const page = await entered(state);
        assert.equal(await state.commit(call(page, 1)), '');
        await admin(server, 'REPLICAOF', '127.0.0.1', `${master.port}`);
        assert.equal(await told(state, call(page, 2)), 'unsure');
        assert.equal(await told(state, visit(page.session, Date.now())), 'unsure');
        await admin(server, 'REPLICAOF', 'NO', 'ONE');
        const after = await answered(() => state.commit(call(page, 3)));
        assert.equal(after, 'stale');
        assert.equal(await state.commit(call(page, 1)), 'stale');
      } finally {
        await master.stop();
      }
    });
  });

  test('R48 a promoted server trusts no window, although it has them all', async () => {
    await withServer([], async (server, open) => {
      const state = await open();
      const page = await entered(state);
      assert.equal(await state.commit(call(page, 1)), '');
      const master = await startRedis();
      try {
        // The other takes all over, then this one takes it back: nothing is lost, and nobody can know that.
        await admin(master, 'REPLICAOF', '127.0.0.1', `${server.port}`);
        await until(async () => String(await admin(master, 'INFO', 'replication')).includes('master_link_status:up'));
        await admin(master, 'REPLICAOF', 'NO', 'ONE');
        await admin(server, 'REPLICAOF', '127.0.0.1', `${master.port}`);
        await until(async () => String(await admin(server, 'INFO', 'replication')).includes('master_link_status:up'));
        await admin(server, 'REPLICAOF', 'NO', 'ONE');
        assert.equal(await answered(() => state.commit(call(page, 2))), 'stale');
        const again = await answered(() => entered(state, page.session));
        assert.equal(await state.commit(call(again, 1)), '');
      } finally {
        await master.stop();
      }
    });
  });

  test('a server without memory refuses, and takes the same call once when it has some', async () => {
    await withServer(['--maxmemory-policy', 'noeviction'], async (server, open) => {
      const state = await open();
      const page = await entered(state);
      await admin(server, 'CONFIG', 'SET', 'maxmemory', '1');
      assert.equal(await told(state, call(page, 1)), 'unsure');
      await assert.rejects(async () => state.enter(entryClaim({ now: Date.now() })));
      await admin(server, 'CONFIG', 'SET', 'maxmemory', '0');
      assert.equal(await told(state, call(page, 1)), '');
      assert.equal(await told(state, call(page, 1)), 'replayed');
    });
  });

  test('R48 a server that evicts what it likes costs entries, never a replay', async () => {
    await withServer(['--maxmemory-policy', 'allkeys-random'], async (server, open) => {
      const state = await open();
      const pages: Entered[] = [];
      for (let index = 0; index < 200; index += 1) {
        const page = await entered(state);
        assert.equal(await state.commit(call(page, 1)), '');
        pages.push(page);
      }
      const used = /used_memory:(\d+)/.exec(String(await admin(server, 'INFO', 'memory')))?.[1];
      await admin(server, 'CONFIG', 'SET', 'maxmemory', `${Number(used) - 60_000}`);
      for (let index = 0; index < 50; index += 1) await told(state, call(await answered(() => entered(state)), 1));
      const codes = new Map<string, number>();
      for (const page of pages) {
        const code = await told(state, call(page, 1));
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      assert.ok((codes.get('stale') ?? 0) > 0, `some were evicted: ${JSON.stringify([...codes])}`);
      assert.equal(codes.get(''), undefined);
    });
  });

  test('a server that does not answer in time is not waited for, and is used again when it does', async () => {
    await withServer([], async (server, open) => {
      const state = await open();
      const page = await entered(state);
      server.pause();
      try {
        assert.equal(await told(state, call(page, 1)), 'unsure');
      } finally {
        server.resume();
      }
      // It may have been burnt meanwhile, for nobody: then it is told as sent before, and never admitted twice.
      const first = await answered(() => state.commit(call(page, 1)));
      assert.ok(first === '' || first === 'replayed', first);
      assert.equal(await state.commit(call(page, 1)), 'replayed');
      assert.equal(await state.commit(call(page, 2)), '');
    });
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
