import type { AttackerRow, Evidence } from './evidence.ts';

/** SARIF 2.1.0 (OASIS), as far as it is used here: each attacker is a rule, each gate that it got something at a result. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [SarifRun];
}

interface SarifRun {
  readonly tool: { readonly driver: SarifDriver };
  readonly invocations: readonly [
    { readonly executionSuccessful: true; readonly commandLine: string; readonly startTimeUtc: string },
  ];
  readonly results: readonly SarifResult[];
  readonly properties: object;
}

interface SarifDriver {
  readonly name: 'Sallyport';
  readonly version: string;
  readonly rules: readonly SarifRule[];
}

interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly shortDescription: Text;
  readonly fullDescription: Text;
  readonly properties: { readonly steps: readonly string[]; readonly tags: readonly string[] };
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  /** `fail`: it got in. `notApplicable`: it was not run. */
  readonly kind: 'pass' | 'fail' | 'notApplicable';
  readonly level: 'none' | 'note' | 'warning';
  readonly message: Text;
  readonly locations: readonly [Location];
  readonly properties: object;
}

interface Text {
  readonly text: string;
}

interface Location {
  readonly logicalLocations: readonly [{ readonly name: string; readonly kind: 'resource' }];
}

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/**
 * What the strict gate let in, for tools that gather findings: a warning where an attacker gets in, a note where it is held up
 * meanwhile. Whoever was stopped, or not run, is listed as well.
 */
export function toSarif(found: Evidence): SarifLog {
  const { versions, command, made, attackers, settings, stillPossible } = found;
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Sallyport', version: versions.sallyport, rules: attackers.map(toRule) } },
        invocations: [{ executionSuccessful: true, commandLine: command, startTimeUtc: made }],
        results: attackers.map((row, index) => toResult(row, index, found.path)),
        properties: {
          digests: Object.fromEntries(settings.map(({ name, digest }) => [name, digest])),
          stillPossible,
        },
      },
    ],
  };
}

const toRule = ({ name, title, how, steps, asvs, api }: AttackerRow): SarifRule => ({
  id: `sallyport/${name}`,
  name: title,
  shortDescription: { text: title },
  fullDescription: { text: how },
  properties: {
    steps,
    tags: [...asvs.map((number) => `ASVS-5.0-${number}`), ...api.map((number) => `${number}:2023`)],
  },
});

function toResult({ name, got, steps, notStopped }: AttackerRow, ruleIndex: number, path: string): SarifResult {
  const { verdict, tried, admitted, cpuSeconds, wallSeconds, bill, detected } = got.strict;
  const kind = verdict === 'not run' ? 'notApplicable' : verdict === 'stopped' ? 'pass' : 'fail';
  const level = kind !== 'fail' ? 'none' : verdict === 'slowed' ? 'note' : 'warning';
  return {
    ruleId: `sallyport/${name}`,
    ruleIndex,
    kind,
    level,
    message: { text: `${verdict}: ${notStopped}` },
    locations: [{ logicalLocations: [{ name: path, kind: 'resource' }] }],
    properties: {
      ...{ verdict, tried, admitted, cpuSeconds, wallSeconds, money: bill?.total ?? null, detected },
      ...{ steps: steps.length, off: got.off.verdict, default: got.default.verdict },
    },
  };
}
