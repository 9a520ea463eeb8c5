import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { toSarif } from '../../../src/lab/evidence/sarif.ts';
import { sampleEvidence } from './sample.ts';
import { SARIF } from './sarif-schema.ts';

const ajv = new Ajv({ allErrors: true });
formats.default(ajv);
const isSarif = ajv.compile(SARIF);

test('P12.1 the log is SARIF 2.1.0, each result with a rule of its own', () => {
  const log: unknown = JSON.parse(JSON.stringify(toSarif(sampleEvidence())));
  assert.ok(isSarif(log), JSON.stringify(isSarif.errors));
  const { runs } = toSarif(sampleEvidence());
  const { rules } = runs[0].tool.driver;
  for (const { ruleId, ruleIndex } of runs[0].results) assert.equal(rules[ruleIndex]?.id, ruleId);
});

test('the schema sees a log that is none', () => {
  const log = toSarif(sampleEvidence());
  const [run] = log.runs;
  for (const broken of [
    { ...log, version: '2.0.0' },
    { ...log, runs: [{ ...run, tool: {} }] },
    { ...log, runs: [{ ...run, results: run.results.map((result) => ({ ...result, level: 'bad' })) }] },
    { ...log, runs: [{ ...run, results: [{ ...run.results[0], kind: 'pass', level: 'warning' }] }] },
  ])
    assert.equal(isSarif(broken), false);
});

test('whoever gets in is a finding, whoever is held up a lesser one, whoever was not run none', () => {
  const [run] = toSarif(
    sampleEvidence({
      verdicts: { off: {}, default: {}, strict: { plain: 'gets in', doors: 'slowed', replay: 'stopped' } },
    }),
  ).runs;
  const said = (name: string) => {
    const { kind, level } = run.results.find(({ ruleId }) => ruleId === `sallyport/${name}`) ?? assert.fail(name);
    return `${kind} ${level}`;
  };
  assert.deepEqual(['plain', 'doors', 'replay', 'order'].map(said), [
    'fail warning',
    'fail note',
    'pass none',
    'notApplicable none',
  ]);
});
