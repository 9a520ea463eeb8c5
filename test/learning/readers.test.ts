import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createMarks } from '../../src/learning/marks.ts';
import { createTally, type Observation, type Source, type Unreadable } from '../../src/learning/observation.ts';
import { formatOf, openSource } from '../../src/learning/readers/open.ts';
import { readLine } from '../../src/learning/readers/log.ts';
import { RECORDING_HEAD } from '../../src/learning/readers/recording.ts';
import { zipOf } from './zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-readers-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function readAll(
  source: Source,
): Promise<{ all: Observation[]; unreadable: readonly Unreadable[]; bytes: number }> {
  const tally = createTally();
  const all: Observation[] = [];
  let bytes = 0;
  for await (const batch of source.read(tally, (more) => (bytes += more))) all.push(...batch);
  assert.equal(tally.requests, all.length);
  return { all, unreadable: tally.unreadable(), bytes };
}

function open(path: string): Source {
  const format = formatOf(path);
  assert.ok(format !== 'OpenAPI');
  return openSource(path, format, createMarks());
}

const COMBINED =
  '203.0.113.7 - - [22/Nov/2026:10:00:01 +0100] "GET /api/posts/7?a=1 HTTP/1.1" 200 512 "https://app.example/posts" "Mozilla/5.0 (X11) Firefox/140.0"';

describe('lines of access logs', () => {
  const cases: readonly { name: string; line: string; want: Partial<Observation> | null }[] = [
    {
      name: 'combined',
      line: COMBINED,
      want: {
        time: Date.parse('2026-11-22T09:00:01Z'),
        prefix: '203.0.113.7',
        method: 'GET',
        target: '/api/posts/7?a=1',
        status: 200,
        page: '/posts',
      },
    },
    {
      name: 'common, without the last two fields, with a name of a person and a virtual host',
      line: 'app.example:443 2001:db8:0:1ff::1 - jake [22/Nov/2026:10:00:01 +0000] "POST /api/posts HTTP/2.0" 201 -',
      want: { prefix: '2001:db8:0:100::/56', method: 'POST', target: '/api/posts', status: 201, agent: '' },
    },
    {
      name: 'quotes in a User-Agent, as nginx and as Apache write them',
      line: String.raw`192.0.2.1 - - [22/Nov/2026:10:00:01 +0000] "GET /api/a HTTP/1.1" 200 1 "-" "say \x22x\x22 \"y\""`,
      want: { agent: 'say "x" "y"', page: '' },
    },
    {
      name: 'nginx with fields of its users',
      line: '{"time_iso8601":"2026-11-22T10:00:01+00:00","remote_addr":"192.0.2.1","request":"GET /api/a?b=c HTTP/1.1","status":"200","http_user_agent":"x"}',
      want: { target: '/api/a?b=c', status: 200, prefix: '192.0.2.1', agent: 'x' },
    },
    {
      name: 'Caddy',
      line: '{"level":"info","ts":1763805601.25,"request":{"remote_ip":"192.0.2.1","method":"DELETE","uri":"/api/a/1","headers":{"User-Agent":["x"],"Referer":["https://app.example/p"]}},"status":204}',
      want: { time: 1763805601250, method: 'DELETE', target: '/api/a/1', status: 204, agent: 'x', page: '/p' },
    },
    {
      name: 'pino-http',
      line: '{"level":30,"time":1763805601250,"req":{"id":1,"method":"GET","url":"/api/a","headers":{"user-agent":"x"},"remoteAddress":"::ffff:192.0.2.1"},"res":{"statusCode":404}}',
      want: { time: 1763805601250, status: 404, prefix: '192.0.2.1', agent: 'x' },
    },
    {
      name: 'Traefik',
      line: '{"ClientHost":"192.0.2.1","RequestMethod":"PUT","RequestPath":"/api/a/1","DownstreamStatus":200,"StartUTC":"2026-11-22T10:00:01.5Z","request_User-Agent":"x"}',
      want: { method: 'PUT', target: '/api/a/1', status: 200, agent: 'x' },
    },
    { name: 'JSON that tells of no request', line: '{"level":30,"time":1763805601250,"msg":"listening"}', want: null },
    { name: 'JSON that breaks off', line: '{"time":1763805601250,"req":{"method":"GE', want: null },
    {
      name: 'a request line that was none',
      line: String.raw`192.0.2.1 - - [22/Nov/2026:10:00:01 +0000] "\x16\x03\x01" 400 0 "-" "-"`,
      want: null,
    },
    { name: 'a date that is none', line: COMBINED.replace('22/Nov', '99/Nov'), want: null },
    {
      name: 'a status that is none',
      line: '{"time":1763805601250,"method":"GET","url":"/a","status":"ok"}',
      want: null,
    },
  ];
  for (const { name, line, want } of cases) {
    test(name, () => {
      const found = readLine(line);
      if (want === null) assert.equal(found, null);
      else assert.partialDeepStrictEqual(found, want);
    });
  }
});

describe('files', () => {
  test('a mixed log is read as far as it goes, and the rest is counted with its first line', async () => {
    const json = '{"time":1763805601250,"method":"GET","url":"/api/b","status":200}';
    const lines = [COMBINED, json, 'garbage', '', COMBINED, 'x'.repeat(300_000), 'garbage', COMBINED];
    const source = open(fileOf('mixed.log', `${lines.join('\n')}\n`));
    const { all, unreadable, bytes } = await readAll(source);
    assert.deepEqual(
      all.map(({ target }) => target),
      ['/api/posts/7?a=1', '/api/b', '/api/posts/7?a=1', '/api/posts/7?a=1'],
    );
    assert.deepEqual(unreadable, [
      { reason: 'no request line that could be read', count: 2, first: 3 },
      { reason: 'longer than 256 KiB', count: 1, first: 6 },
    ]);
    assert.equal(bytes, source.size, 'progress came to the end');
  });

  test('a line longer than what is read at a time is passed over once, and reading goes on behind it', async () => {
    const { all, unreadable } = await readAll(
      open(fileOf('long.log', `${COMBINED}\n${'x'.repeat(2_000_000)}\n${COMBINED}\n`)),
    );
    assert.equal(all.length, 2);
    assert.deepEqual(unreadable, [{ reason: 'longer than 256 KiB', count: 1, first: 2 }]);
  });

  test('a log that is compressed is read, and one that was cut off as far as it goes', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => COMBINED.replace('/7', `/${index}`)).join('\n');
    const whole = gzipSync(many);
    const { all } = await readAll(open(fileOf('a.log.gz', whole)));
    assert.equal(all.length, 5000);
    const { all: some, unreadable } = await readAll(open(fileOf('b.log', whole.subarray(0, whole.length - 4000))));
    assert.ok(some.length > 0 && some.length < 5000, String(some.length));
    assert.ok(unreadable.some(({ reason }) => reason === 'the compressed file breaks off'));
  });

  test('a HAR file: one session, bodies as shapes, other hosts left out', async () => {
    const { all, unreadable } = await readAll(open(fileOf('a.har', JSON.stringify(har()))));
    assert.deepEqual(unreadable, [
      { reason: 'sent to another host', count: 1, first: 3 },
      { reason: 'no request and answer in it', count: 1, first: 4 },
    ]);
    const [list, post] = all;
    assert.ok(list !== undefined && post !== undefined && all.length === 2);
    assert.equal(list.session, post.session);
    assert.equal(list.carrier, 'call');
    assert.ok(list.answer?.type === 'array');
    assert.ok(post.request?.type === 'object');
    assert.deepEqual(Object.keys(post.request.fields), ['title', 'secret']);
    assert.ok(!JSON.stringify([post.request, list.answer]).includes('hunter2'), 'values are not in shapes');
  });

  test('an id in a path and in an answer before it have one mark', async () => {
    const { all } = await readAll(open(fileOf('b.har', JSON.stringify(har()))));
    const [list, post] = all;
    assert.ok(list?.answer?.type === 'array');
    const [first] = list.answer.items;
    assert.ok(first?.type === 'object' && first.fields['id']?.type === 'integer');
    assert.equal(post?.marks[2], first.fields['id'].mark);
    assert.notEqual(post?.marks[2], '');
  });

  test('a HAR file that breaks off is read up to there', async () => {
    const text = JSON.stringify(har());
    const cut = text.slice(0, text.indexOf('other.example'));
    const { all, unreadable } = await readAll(open(fileOf('cut.har', cut)));
    assert.equal(all.length, 2);
    assert.deepEqual(
      unreadable.map(({ reason }) => reason),
      ['the file breaks off, or is no JSON from there on'],
    );
  });

  test('a trace of Playwright: entries line by line, bodies from beside them', async () => {
    const snapshot = (url: string, name: string): string =>
      JSON.stringify({
        type: 'resource-snapshot',
        snapshot: {
          startedDateTime: '2026-11-22T10:00:00.000Z',
          request: { method: 'GET', url, headers: [] },
          response: { status: 200, content: { mimeType: 'application/json', _sha1: name } },
        },
      });
    const lines = [
      snapshot('https://app.example/api/a', 'aa.json'),
      '{"type":"event"}',
      '{"type":',
      snapshot('https://app.example/api/b', 'no.json'),
    ];
    const zip = zipOf({
      '0-trace.network': lines.join('\n'),
      'resources/aa.json': '{"id":1}',
      'resources/pic.png': 'x',
    });
    const { all, unreadable } = await readAll(open(fileOf('trace.zip', zip)));
    assert.deepEqual(
      all.map(({ target }) => target),
      ['/api/a', '/api/b'],
    );
    assert.equal(all[0]?.answer?.type, 'object');
    assert.equal(all[1]?.answer, null, 'a body that is not there');
    assert.deepEqual(unreadable, [{ reason: 'no JSON', count: 1, first: 3 }]);

    const cut = await readAll(open(fileOf('cut.zip', zip.subarray(0, zip.length - 30))));
    assert.deepEqual(
      cut.unreadable.map(({ reason }) => reason),
      ['the archive breaks off or is damaged'],
    );
  });

  test('a recording: what is no observation is counted', async () => {
    const [one] = (await readAll(open(fileOf('c.har', JSON.stringify(har()))))).all;
    const told = JSON.stringify({ ...one, query: [] });
    const lines = [RECORDING_HEAD, told, '{"time":1}', told];
    const { all, unreadable } = await readAll(open(fileOf('r.ndjson', `${lines.join('\n')}\n`)));
    assert.equal(all.length, 2);
    assert.deepEqual(unreadable, [{ reason: 'no observation of this version', count: 1, first: 3 }]);
  });

  test('a recording cannot say that it is a line of some log', async () => {
    const [one] = (await readAll(open(fileOf('c.har', JSON.stringify(har()))))).all;
    const lines = [{ line: 7 }, { targetNumber: 7 }, {}].map((more) => JSON.stringify({ ...one, query: [], ...more }));
    const { all, unreadable } = await readAll(open(fileOf('r.ndjson', `${[RECORDING_HEAD, ...lines].join('\n')}\n`)));
    assert.equal(all.length, 1);
    assert.deepEqual(
      unreadable.map(({ count }) => count),
      [2],
    );
  });

  test('formats are told by content, not by name', () => {
    assert.equal(formatOf(fileOf('1.txt', '\ufeff{ "log": { "version": "1.2" } }')), 'HAR');
    assert.equal(formatOf(fileOf('2.txt', 'openapi: 3.1.0\npaths: {}\n')), 'OpenAPI');
    assert.equal(formatOf(fileOf('3.txt', '{ "openapi": "3.1.0" }')), 'OpenAPI');
    assert.equal(formatOf(fileOf('4.txt', `# a comment\n${COMBINED}\n`)), 'access log');
    assert.throws(
      () => formatOf(fileOf('5.txt', 'nothing of the kind')),
      /5\.txt is nothing that can be read; give an access log/,
    );
    assert.throws(() => formatOf(join(folder, 'missing')), /missing cannot be read \(ENOENT\)/);
  });
});

function har(): object {
  const entry = (url: string, method: string, answer: string, body?: string): object => ({
    startedDateTime: '2026-11-22T10:00:00.000Z',
    request: {
      method,
      url,
      headers: [
        { name: ':method', value: method },
        { name: 'Sec-Fetch-Mode', value: 'cors' },
        { name: 'Sec-Fetch-Dest', value: 'empty' },
        ...(body === undefined ? [] : [{ name: 'Content-Type', value: 'application/json; charset=utf-8' }]),
      ],
      ...(body === undefined ? {} : { postData: { mimeType: 'application/json', text: body } }),
    },
    response: { status: 200, content: { mimeType: 'application/json', text: answer } },
  });
  return {
    log: {
      version: '1.2',
      entries: [
        entry('https://app.example/api/posts', 'GET', '[{"id":7,"title":"hunter2"}]'),
        entry('https://app.example/api/posts/7', 'PUT', '{}', '{"title":"x","secret":"hunter2"}'),
        entry('https://other.example/api/posts', 'GET', '[]'),
        { request: {} },
      ],
    },
  };
}
