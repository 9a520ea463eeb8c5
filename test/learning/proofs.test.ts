import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { hourId, namesOf } from '../../src/builds/names.ts';
import type { Config } from '../../src/guard/config.ts';
import { createJudge } from '../../src/learning/judge.ts';
import { NO_MARKS } from '../../src/learning/marks.ts';
import { createTally, type Observation, type Source } from '../../src/learning/observation.ts';
import { harFile } from '../../src/learning/readers/har.ts';
import { judgedBy } from '../../src/learning/tried.ts';
import { collectVerdicts } from '../../src/learning/verdicts.ts';
import { toBuildCompact, toBuildFields } from '../../src/wire/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-proofs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SIGNATURE = `${'ab12'.repeat(10)}abc`;
const INPUT =
  'sallyport=("@method" "@authority" "@path" "@query");created=1800000000;nonce="7";keyid="ticket.of-somebody";tag="sallyport-1"';
const PROOF = `sallyport-1-url.1800000000.8.${SIGNATURE}.ticket.of-somebody`;
const build = namesOf(Buffer.alloc(32, 7), hourId(Buffer.alloc(32, 7), 500_000));

interface Signed {
  readonly fields: Readonly<Record<string, string>>;
  /** Name and value of the parameter that addresses are signed with. */
  readonly parameter: string;
}
const OWN: Signed = {
  fields: { 'signature-input': INPUT, signature: `sallyport=:${SIGNATURE}=:` },
  parameter: `sallyport-proof=${PROOF}`,
};
const BUILD: Signed = {
  fields: toBuildFields(build, INPUT, `sallyport=:${SIGNATURE}=:`),
  parameter: `${build.parameter}=${toBuildCompact(build, PROOF)}`,
};

/** What a page of a browser without Fetch Metadata asks for: a fragment of HTML, and a file by a signed address. */
function har(name: string, { fields, parameter }: Signed): Source {
  const entry = (url: string, more: Readonly<Record<string, string>>): object => ({
    startedDateTime: '2026-11-22T10:00:00.000Z',
    request: {
      method: 'GET',
      url: `https://app.example${url}`,
      headers: Object.entries({ accept: 'text/html', ...more }).map(([name, value]) => ({ name, value })),
    },
    response: { status: 200, content: { mimeType: 'text/html' } },
  });
  const entries = [entry('/api/fragment', fields), entry(`/api/file?page=2${parameter && `&${parameter}`}`, {})];
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ log: { entries } }));
  return harFile(path, NO_MARKS);
}

const CONFIG: Config = {
  to: 'http://localhost:3000',
  routes: [
    { match: 'GET /api/fragment' },
    { match: 'GET /api/file', sync: ['url'], schema: { query: { properties: { page: { type: 'integer' } } } } },
  ],
};

async function replayed(source: Source): Promise<{ covered: number; rules: string[]; seen: Observation[] }> {
  const judge = await createJudge(CONFIG, judgedBy([source]));
  try {
    const { covered, byRule } = await collectVerdicts([source], judge);
    const seen: Observation[] = [];
    for await (const batch of source.read(createTally())) seen.push(...batch);
    return { covered, rules: byRule.map(({ name }) => name), seen };
  } finally {
    await judge.close();
  }
}

describe('a recording of a page that signs', () => {
  for (const [name, signed] of [
    ['in the protocol’s own names', OWN],
    ['in the names of a build', BUILD],
  ] as const) {
    test(`${name} is read as signed, and without what the script put behind addresses`, async () => {
      const { covered, rules, seen } = await replayed(har('signed.har', signed));
      assert.equal(covered, 2);
      assert.deepEqual(rules, []);
      assert.deepEqual(
        seen.map(({ carrier, target }) => [carrier, target]),
        [
          ['call', '/api/fragment'],
          ['navigation', '/api/file?page=2'],
        ],
      );
      const [call] = seen;
      assert.ok(call?.exchange?.fields.some((field) => field.toLowerCase() === 'signature-input'));
    });
  }

  test('what nobody signed is still told', async () => {
    const { seen } = await replayed(har('unsigned.har', { fields: {}, parameter: '' }));
    assert.equal(seen[0]?.carrier, 'navigation', 'as HTML is asked for without a proof');
  });

  test('what only resembles it is no proof, and stays', async () => {
    const { input, signature } = build;
    for (const [name, fields] of Object.entries({
      'one of two': { [input]: BUILD.fields[input] ?? '' },
      'of two builds': { [input]: BUILD.fields[input] ?? '', [signature]: `otherone=:${SIGNATURE}=:` },
      'another text': { 'x-abcdefghij': 'abcdefgh=1', 'x-bcdefghijk': 'abcdefgh=:YWJj:' },
    })) {
      const { rules, seen } = await replayed(har('resembles.har', { fields, parameter: 'nextpage=abcdefgh.1.2.3' }));
      assert.deepEqual(rules, ['schema of GET /api/file'], name);
      assert.equal(seen[0]?.carrier, 'navigation', name);
      assert.equal(seen[1]?.target, '/api/file?page=2&nextpage=abcdefgh.1.2.3');
    }
  });
});
