import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, comparisonText, parseEvidence } from '../../../src/lab/evidence/compare.ts';
import { sampleEvidence, VERDICTS } from './sample.ts';

const busy = { cores: 2, processor: 'A processor', load: 9, unrest: 0.05 };

test('P12.3 two runs whose figures differ by less than 15 % have no difference', () => {
  const { differences, compared } = compare(sampleEvidence({ cpu: 0.5 }), sampleEvidence({ cpu: 0.55 }));
  assert.deepEqual(differences, []);
  assert.ok(compared > 100, String(compared));
});

test('P12.3 a difference of CPU is named, with its reason where the machine was busy and without one where it was not', () => {
  const before = sampleEvidence({ cpu: 0.5 });
  const after = sampleEvidence({ cpu: 0.7 });
  const bare = compare(before, after).differences;
  assert.ok(bare.some(({ what, reason }) => what === 'scripted bootstrap, own key, strict: CPU' && reason === ''));
  for (const { reason } of compare(before, { ...after, machine: busy }).differences)
    assert.match(reason, /load 0\.5 and 9\.0/);
  assert.match(comparisonText(compare(before, after)), /0\.500 → 0\.700; reason not known/);
});

test('P12.3 no load explains another verdict or another count of requests; another configuration does', () => {
  const before = sampleEvidence();
  const strict = { ...VERDICTS.strict, replay: 'gets in' } as const;
  const after = { ...sampleEvidence({ requests: 2000, verdicts: { ...VERDICTS, strict } }), machine: busy };
  const named = (reason: string) =>
    (compare(before, after).differences.find(({ what }) => what === reason) ?? assert.fail(reason)).reason;
  assert.equal(named('request replayed at once, strict'), '');
  assert.equal(named('the doors alone: requests'), '');
  const settings = after.settings.map((setting) => ({ ...setting, digest: 'f'.repeat(64) }));
  for (const { reason } of compare(before, { ...after, settings }).differences)
    assert.equal(reason, 'another configuration');
});

test('what cannot be compared is no evidence, and what can does not drive the terminal', () => {
  const found = sampleEvidence();
  const [row] = found.attackers;
  assert.ok(row);
  const broken = [
    { machine: undefined },
    { machine: { ...found.machine, load: 'high' } },
    { attackers: {} },
    { attackers: [{ ...row, got: { ...row.got, strict: null } }] },
    { rules: [null] },
    { settings: [{}] },
    { made: 1 },
    { versions: 'x' },
  ];
  for (const part of broken)
    assert.equal(parseEvidence(JSON.stringify({ ...found, ...part })), null, JSON.stringify(part));
  const got = { ...row.got, strict: { ...row.got.strict, verdict: '\u001b[2Jstopped' } };
  const hostile = parseEvidence(JSON.stringify({ ...found, made: '\u009b2J', attackers: [{ ...row, got }] }));
  assert.ok(hostile);
  assert.doesNotMatch(comparisonText(compare(hostile, found)), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

test('only evidence of this version is read', () => {
  const found = sampleEvidence();
  assert.deepEqual(parseEvidence(JSON.stringify(found)), JSON.parse(JSON.stringify(found)));
  for (const other of ['', 'null', '[]', '{}', JSON.stringify({ ...found, version: 99 })])
    assert.equal(parseEvidence(other), null);
});
