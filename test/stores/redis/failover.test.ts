import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Claims, SessionRef, State } from '../../../src/guard/state.ts';
import { openRedisState } from '../../../src/stores/redis/open.ts';
import { type Entered, enter, entryClaim, use } from '../../contract/state/support.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';

const SECRET = 'a secret of these tests alone, 32 bytes';
const HOUR = 3_600_000;
const PAGES = 48;

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

/** Asks until the state can say. */
async function answered<T>(ask: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await pause();
    }
  }
}

/** One page that calls without end, each call captured and sent again by all gates at once, old ones too. */
async function captured(gates: readonly State[], admitted: Map<string, number>, count: Counts, goesOn: () => boolean) {
  const session: SessionRef | null = null;
  let page = await answered(() => enter(gates[0] as State, { now: Date.now(), session }));
  const sent: { page: Entered; nonce: number }[] = [];
  for (let nonce = 1; goesOn(); nonce += 1) {
    sent.push({ page, nonce });
    const old = sent[Math.floor(Math.random() * sent.length)] ?? { page, nonce };
    const tries = [...gates, ...gates].flatMap((gate) => [send(gate, page, nonce), send(gate, old.page, old.nonce)]);
    const codes = await Promise.all(tries);
    for (const { code, name } of codes) {
      count[code] = (count[code] ?? 0) + 1;
      if (code === '') admitted.set(name, (admitted.get(name) ?? 0) + 1);
    }
    if (codes.some(({ code }) => code === 'stale')) {
      const { session } = page;
      page = await answered(() => enter(gates[1] as State, { now: Date.now(), session }));
      assert.equal(page.session.idLow, session.idLow, 'the page comes back as itself');
    }
    await pause();
  }
}

type Counts = Record<string, number>;

async function send(gate: State, page: Entered, nonce: number): Promise<{ code: string; name: string }> {
  const claims: Claims = use(page, nonce, Date.now());
  const name = `${page.idHigh}.${page.idLow}.${nonce}`;
  try {
    return { code: await gate.commit(claims), name };
  } catch {
    return { code: 'unsure', name };
  }
}

describe('the state on a Cluster whose masters die', { concurrency: false }, () => {
  let cluster: RedisCluster | null = null;
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster?.stop());

  test('R48 R42 no captured call is admitted twice, no ended session comes back, and pages go on by an entry', async () => {
    assert.ok(cluster);
    const { url, whole, masters } = cluster;
    const gates = [await openGate(url), await openGate(url), await openGate(url)];
    try {
      const admitted = new Map<string, number>();
      const counts: Counts = {};
      let over = false;
      const pages = Array.from({ length: PAGES }, () => captured(gates, admitted, counts, () => !over));
      await until(() => admitted.size > 500);
      for (const round of [0, 1]) {
        const victim = (await masters())[round];
        assert.ok(victim);
        const ended = await endSome(gates, 32);
        await victim.kill();
        await until(async () => !(await masters()).includes(victim));
        await whole(3);
        const before = admitted.size;
        await until(() => admitted.size > before + 500);
        for (const [index, session] of ended.entries()) {
          const gate = gates[(index + 1) % gates.length] as State;
          const back = await answered(() => gate.enter(entryClaim({ now: Date.now(), session })));
          assert.ok(back.ok);
          assert.equal(back.fresh, true, 'an ended session’s cookie opens nothing');
        }
        await victim.start();
      }
      over = true;
      await Promise.all(pages);
      const twice = [...admitted].filter(([, times]) => times > 1);
      assert.deepEqual(twice, [], `of ${admitted.size} admitted: ${JSON.stringify(counts)}`);
      assert.ok((counts['stale'] ?? 0) > 0 && (counts['replayed'] ?? 0) > 0, JSON.stringify(counts));
    } finally {
      for (const gate of gates) await gate.close();
    }
  });
});

const openGate = (url: string): Promise<State> => openRedisState(url, { secret: SECRET, timeout: 1000, settle: 1500 });

/** Sessions all over the Cluster, each ended by one gate at the last moment. */
async function endSome(gates: readonly State[], count: number): Promise<readonly SessionRef[]> {
  const entered = [];
  for (let index = 0; index < count; index += 1) entered.push(await enter(gates[0] as State, { now: Date.now() }));
  await Promise.all(entered.map(({ session }) => gates[0]?.revoke(session, Date.now() + HOUR, 'ended')));
  return entered.map(({ session }) => session);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause();
}
