import type { Evidence } from '../../../src/lab/evidence/evidence.ts';
import { toEvidence } from '../../../src/lab/evidence/evidence.ts';
import { SETTINGS, type SettingName } from '../../../src/lab/evidence/settings.ts';
import type { DelaysReport } from '../../../src/lab/evidence/delays.ts';
import { toDo, toWrite } from '../../../src/lab/by-hand.ts';
import { billOf, NO_NEEDS } from '../../../src/lab/bill.ts';
import { ATTACKERS } from '../../../src/lab/index.ts';
import type { LabReport, RungReport } from '../../../src/lab/outcome.ts';
import { PRICES } from '../../../src/lab/prices.ts';
import type { Verdict } from '../../../src/lab/tally.ts';

/** What attackers got at one gate; those that are not named were not run. */
export type Verdicts = Readonly<Record<string, Verdict>>;

const EVERYTHING: Verdicts = { plain: 'gets in', replay: 'gets in', doors: 'gets in', order: 'gets in' };

export const VERDICTS: Readonly<Record<SettingName, Verdicts>> = {
  off: EVERYTHING,
  default: { ...EVERYTHING, plain: 'stopped', replay: 'stopped' },
  strict: { plain: 'stopped', replay: 'stopped', doors: 'slowed', order: 'stopped' },
};

const row = { admitted: 20, admittedLater: 20, hours: 24, once: [], each: [], reads: false };
const KNOWN = { calls: 6, paths: 4, seconds: 0.2 };

/** A copy by hand goes on for two hours, one by a program for good; sealed calls hide nothing from who wraps `fetch`. */
export const SAMPLE_DELAYS: DelaysReport = {
  builds: {
    why: '',
    found: {
      readMs: 15,
      makeMs: 3000,
      decoys: { noted: 1, banned: 3 },
      copies: [
        { ...row, name: 'by <its> own names', admitted: 0, admittedLater: 0, hours: 0 },
        { ...row, name: 'by hand', admittedLater: 0, hours: 2, once: [toWrite('a')], each: [toWrite('b')] },
        { ...row, name: 'by a program', once: [toWrite('a'), toWrite('c')], reads: true },
      ],
    },
  },
  sealed: {
    why: '',
    found: {
      version: 'Chrome',
      calls: 6,
      paths: 4,
      ways: [
        { name: 'looks', steps: [toDo('open')], open: KNOWN, sealed: { ...KNOWN, calls: 0, paths: 0 } },
        { name: 'wraps', steps: [toDo('open'), toDo('paste')], open: KNOWN, sealed: KNOWN },
      ],
    },
  },
};

/** Evidence as a run would give it, without one. `cpu` is in seconds for 1,000 calls of whoever gets in. */
export function sampleEvidence({ cpu = 0.5, requests = 1020, verdicts = VERDICTS } = {}): Evidence {
  const runs = SETTINGS.map((setting) => ({
    setting,
    digest: setting.padEnd(64, '0'),
    config: { mode: setting === 'off' ? ('report' as const) : ('enforce' as const) },
    report: sampleReport(verdicts[setting], cpu, requests),
  }));
  const facts = {
    made: '2026-11-22T00:00:00.000Z',
    seconds: 120,
    command: 'sallyport evidence',
    versions: { sallyport: '0.1.0', node: 'v24.0.0', browser: '', system: 'Linux' },
    machine: { cores: 2, processor: 'A processor', load: 0.5, unrest: 0.05 },
    app: '<an app>',
    path: '/api/notes',
    calls: 100,
    prices: PRICES,
    layers: {
      calls: 10,
      attackers: ['plain', 'replay'],
      rows: [
        {
          name: 'replay',
          offLetsIn: ['replay'],
          aloneHolds: [],
          passed: { strict: 0.5, off: 0.75, alone: 1, none: 1 },
          cpu: { strict: 0.5, off: 0.5, alone: null },
        },
      ],
      unusual: {
        calls: 100,
        programs: [
          { name: 'one visit' as const, passed: { strict: 0.1, off: 0.6, alone: 0.16, none: 1 } },
          { name: 'new visits' as const, passed: { strict: 0.6, off: 0.6, alone: 0.94, none: 1 } },
        ],
        why: '',
      },
    },
  };
  return toEvidence({ ...facts, delays: SAMPLE_DELAYS }, runs, ATTACKERS);
}

export function sampleReport(verdicts: Verdicts, cpu: number, requests = 1020): LabReport {
  const rungs = ATTACKERS.map(({ name, group, title, how, steps }): RungReport => {
    const verdict = verdicts[name] ?? 'not run';
    const isIn = verdict === 'gets in' || verdict === 'slowed';
    return {
      ...{ name, group, title, how, steps, verdict, why: verdict === 'not run' ? 'nobody asked <it> to' : '' },
      ...{
        tried: 100,
        admitted: isIn ? 100 : 0,
        elsewhere: 0,
        unanswered: 0,
        held: 0,
        honest: 0,
        refused: {},
        detected: null,
        notes: [],
      },
      cost: isIn
        ? {
            cpuSeconds: cpu,
            wallSeconds: 1,
            cpuRatio: 2,
            wallRatio: 2,
            stretches: 10,
            unrest: 0.05,
            bill: billOf({ cpuSeconds: cpu, wallSeconds: 1 }, NO_NEEDS, PRICES),
          }
        : null,
      setup: null,
      spent: null,
    };
  });
  const per1000 = { requests, sessions: 20, cpuSeconds: cpu, seconds: 60, addresses: 3, money: 1 };
  return {
    ...{ url: 'http://127.0.0.1:1/api/notes', method: 'GET', started: '', seconds: 40, gate: true, mode: 'enforce' },
    ...{ rollout: '100%', nothingBlocked: false, honestStatus: 200, doors: '', browser: '', prices: PRICES, made: [] },
    ...{ removed: false, issued: [], revoked: false, plain: { cpuSeconds: 0.2, wallSeconds: 1, unrest: 0.05 }, rungs },
    rules: {
      prices: PRICES,
      rows: [
        {
          name: 'doors',
          title: 'the doors alone',
          own: false,
          why: '',
          admitted: 200,
          per1000,
          noticed: null,
          people: null,
        },
        {
          ...{ name: 'unusual', title: 'unusual <use>', own: false, why: '', admitted: 200, per1000 },
          ...{ noticed: { calls: 16, seconds: 3 }, people: { sessions: 20, calls: 250, held: 1 } },
        },
      ],
    },
    stillPossible: ['A program that walks the doors itself gets in.'],
  } satisfies LabReport;
}
