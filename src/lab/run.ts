import { perCall, processMeter, sumOf, unrestOf } from './cost.ts';
import type { Attacker, Lab } from './lab.ts';
import { NO_LOGIN, NotRun } from './not-run.ts';
import { checkOptions, type LabOptions, type Settings } from './options.ts';
import { type LabReport, type Ran, toRung } from './outcome.ts';
import { stillPossible } from './possible.ts';
import { prepare, type Prepared, type Resources } from './prepare.ts';
import { measureRules, type RulesReport } from './rules/measure.ts';
import { createTally } from './tally.ts';
import { parseTarget, type Target } from './target.ts';

/** No attacker takes more than this share of the whole time. */
const SHARE = 0.25;

/** {@link LabOptions} and the attackers to run; see `runLab`. */
export async function runAttackers(
  url: string,
  options: LabOptions,
  attackers: readonly Attacker[],
): Promise<LabReport> {
  const target = parseTarget(url);
  const settings = checkOptions(options);
  const resources: Resources = { senders: [], chromium: null, display: null, made: [] };
  const started = performance.now();
  const startedAt = new Date().toISOString();
  try {
    const lab = await prepare(target, settings, resources);
    const rungs: Ran[] = [];
    const deadline = started + settings.seconds * 1000;
    for (const attacker of attackers) {
      await options.onRung?.(attacker.name, 'start');
      const until = Math.min(deadline, performance.now() + settings.seconds * 1000 * SHARE);
      rungs.push(await runOne({ ...lab, until }, attacker, deadline));
      await options.onRung?.(attacker.name, 'end');
    }
    const rules = settings.rules === null ? null : await measureRules(settings.rules);
    const facts: Facts = {
      target,
      settings,
      lab,
      mode: options.mode ?? 'unknown',
      rollout: options.rollout ?? '100%',
      startedAt,
      started,
      rungs,
      rules,
    };
    return await toReport(facts, resources);
  } finally {
    for (const sender of resources.senders) sender.close();
    await resources.chromium?.then(
      (chromium) => chromium.close(),
      () => undefined,
    );
    (await resources.display)?.close();
  }
}

/** A fault of the lab is no verdict: whatever goes wrong in an attacker makes its row `not run`. */
async function runOne(lab: Lab, attacker: Attacker, deadline: number): Promise<Ran> {
  const tally = createTally(processMeter);
  const ran = (why: string): Ran => ({ attacker, result: tally.result(), why });
  if (lab.nobody && attacker.needsLogin === true) return ran(NO_LOGIN);
  if (lab.now() >= deadline) return ran('the time of this run was up');
  try {
    await attacker.run(lab, tally);
  } catch (error) {
    if (error instanceof NotRun) return ran(error.message);
    return ran(`the lab failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return ran('');
}

interface Facts {
  readonly target: Target;
  readonly settings: Settings;
  readonly lab: Prepared;
  readonly mode: LabReport['mode'];
  readonly rollout: string;
  readonly startedAt: string;
  readonly started: number;
  readonly rungs: readonly Ran[];
  readonly rules: RulesReport | null;
}

async function toReport(facts: Facts, resources: Resources): Promise<LabReport> {
  const { target, settings, lab } = facts;
  const reference = facts.rungs.find((one) => one.attacker.name === 'plain')?.result;
  const whole = sumOf(reference?.stretches ?? []);
  const plain = whole === null ? null : perCall(whole.spend, whole.tried);
  const rungs = facts.rungs.map((one) => toRung(one, settings.prices));
  const nothingBlocked = lab.base.plain.kind.by === 'backend';
  const chromium = await resources.chromium?.catch(() => null);
  const report = {
    url: target.origin + target.path + target.query,
    method: settings.method,
    started: facts.startedAt,
    seconds: (performance.now() - facts.started) / 1000,
    gate: lab.base.gate,
    mode: facts.mode,
    rollout: facts.rollout,
    nothingBlocked,
    honestStatus: lab.base.honest?.status ?? 0,
    doors: lab.base.doors,
    browser: chromium?.version ?? '',
    prices: settings.prices,
    made: [...resources.made],
    removed: false,
    issued: [],
    revoked: false,
    plain: {
      cpuSeconds: plain === null || plain.cpu === null ? null : plain.cpu * 1000,
      wallSeconds: (plain?.wall ?? 0) * 1000,
      unrest: unrestOf(facts.rungs.flatMap(({ result }) => result.pairs.flatMap((pair) => pair.plain.cpu ?? []))),
    },
    rungs,
    rules: facts.rules,
  };
  return {
    ...report,
    stillPossible: stillPossible(
      report,
      facts.rungs.map((one) => one.attacker),
    ),
  };
}
