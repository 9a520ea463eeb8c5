import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compilePolicy } from '../../src/guard/compile.ts';
import { learn } from '../../src/learning/learn.ts';
import { createTally, type Observation, type Source, type Unreadable } from '../../src/learning/observation.ts';
import { createKeeping } from '../../src/learning/readers/kept.ts';
import { accessLog } from '../../src/learning/readers/log.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-kept-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What a line says, without where it is kept. */
type Request = Omit<Observation, 'line' | 'targetNumber'>;

interface Reading {
  readonly all: readonly Request[];
  readonly unreadable: readonly Unreadable[];
  readonly bytes: number;
}

async function reading(source: Source): Promise<Reading> {
  const tally = createTally();
  const all: Request[] = [];
  let bytes = 0;
  for await (const batch of source.read(tally, (more) => (bytes += more)))
    all.push(...batch.map(({ line: _, targetNumber: __, ...said }) => said));
  return { all, unreadable: tally.unreadable(), bytes };
}

/** Lines of a log of which each tells of another path, as long as the others. */
const log = (lines: number, folder: string): string =>
  Array.from({ length: lines }, (_, at) => {
    const target = `/api/${folder}/${String(at).padStart(6, '0')}`;
    return `198.18.0.${at % 200} - - [22/Nov/2026:10:00:0${at % 10} +0000] "GET ${target} HTTP/1.1" 200 1 "https://app.test/p" "UA ${at % 3}"\n`;
  }).join('');

const MIXED = [
  ...log(3, 'first').trimEnd().split('\n'),
  '',
  'no request at all',
  '{"time":"2026-11-22T10:00:01.250Z","remote_addr":"2001:db8::1","request":"POST /api/posts?a=1 HTTP/1.1","status":"404","http_user_agent":"x"}',
  '\r',
  '203.0.113.7 - jake [22/Nov/2026:10:00:01 +0100] "GET /api/\\x22 HTTP/1.1" 500 512 "-" "say \\x22x\\x22"',
].join('\n');

describe('lines of a log that is read more than once', () => {
  for (const [name, content] of [
    ['as it is', MIXED],
    ['compressed', gzipSync(MIXED)],
    ['of more lines than one block', log(70_000, 'many')],
  ] as const) {
    test(`say the same each time: ${name}`, async () => {
      const file = fileOf('same.log', content);
      const plain = await reading(accessLog(file, null));
      const kept = accessLog(file, createKeeping()());
      for (const _ of [1, 2, 3]) assert.deepEqual(await reading(kept), plain);
      assert.ok(plain.all.length >= 5 && plain.bytes > 0);
    });
  }

  test('are taken apart once', async () => {
    const file = fileOf('once.log', log(1000, 'first'));
    const kept = accessLog(file, createKeeping()());
    const before = await reading(kept);
    writeFileSync(file, log(1000, 'other'));
    assert.deepEqual(await reading(kept), before);
    assert.match((await reading(accessLog(file, null))).all[0]?.target ?? '', /other/);
  });

  test('are read without the file once all of them are kept: progress is told all the same, and what could not be read', async () => {
    const file = fileOf('whole.log', `${MIXED}\nno request either\n`);
    const kept = accessLog(file, createKeeping()());
    const before = await reading(kept);
    // As long as it was, and nothing of it can be read.
    writeFileSync(file, '-'.repeat(before.bytes));
    assert.deepEqual(await reading(kept), before);
    assert.deepEqual(
      before.unreadable.map(({ count }) => count),
      [2],
    );
    writeFileSync(file, '-'.repeat(before.bytes + 1));
    assert.equal((await reading(kept)).bytes, before.bytes + 1, 'a log that has grown is opened again');
  });

  test('are taken apart again where there was no room for them, in the right order', async () => {
    // Of each line nearly only its path is new: 17 characters.
    for (const room of [
      { blocks: 1, characters: 500 * 17 },
      { blocks: 0, characters: 1000 },
      { blocks: 1, characters: 0 },
    ]) {
      const file = fileOf('room.log', log(1000, 'first'));
      const lines = createKeeping(room)();
      const kept = accessLog(file, lines);
      const before = await reading(kept);
      assert.ok(lines.size < 500, String(lines.size));
      writeFileSync(file, log(1000, 'other'));
      const targets = (await reading(kept)).all.map(({ target }) => target);
      const plain = before.all.map(({ target }) => target);
      assert.deepEqual(targets, [
        ...plain.slice(0, lines.size),
        ...plain.slice(lines.size).map((target) => target.replace('first', 'other')),
      ]);
    }
  });

  test('have the same learned of them as lines that are taken apart each time, be all of them kept or some', async () => {
    const file = fileOf('learned.log', `${log(3000, 'first')}${MIXED}\n${log(3000, 'other')}`);
    const policy = compilePolicy({ to: 'http://localhost:3000' });
    const plain = await learn([accessLog(file, null)], { policy });
    assert.ok(plain.sessions >= 200 && plain.routes.length > 0);
    for (const keep of [createKeeping(), createKeeping({ blocks: 1, characters: 2000 * 17 })])
      assert.deepEqual(await learn([accessLog(file, keep())], { policy }), plain);
  });

  test('several logs share the room, and each has lines of its own', async () => {
    const keep = createKeeping({ blocks: 2, characters: 100_000 });
    const all = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const file = fileOf(`${name}.log`, log(200, name));
        const lines = keep();
        const source = accessLog(file, lines);
        await reading(source);
        assert.deepEqual(await reading(source), await reading(accessLog(file, null)));
        return lines.size;
      }),
    );
    assert.deepEqual(
      all.toSorted((a, b) => a - b),
      [0, 200, 200],
      'two blocks, whoever comes first',
    );
  });

  test('a log that has grown meanwhile is read on', async () => {
    const file = fileOf('grown.log', log(10, 'first'));
    const kept = accessLog(file, createKeeping()());
    await reading(kept);
    writeFileSync(file, log(20, 'first'));
    assert.equal((await reading(kept)).all.length, 20);
  });

  test('count as read at each reading: progress goes on to the end, and never back', async () => {
    const file = fileOf('progress.log', log(5000, 'first'));
    const sources = [accessLog(file, createKeeping()()), accessLog(file, null)];
    const shares: number[] = [];
    const learned = await learn(sources, {
      policy: compilePolicy({ to: 'http://localhost:3000' }),
      onProgress: (share) => shares.push(share),
    });
    assert.equal(learned.requests, 10_000);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.filter((share) => share < 1 / 3).length >= 2, 'a third is the first reading');
  });
});
