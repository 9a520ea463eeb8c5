import { formatReport, type LabOptions, type LabReport, LabError, runLab } from '../lab/index.ts';
import { loadPrices } from '../lab/load-prices.ts';
import { formRoute } from '../lab/form-route.ts';
import { objectRoutes } from '../lab/object-routes.ts';
import type { Account } from '../lab/people.ts';
import { issueKeys, type OwnGate, ownGateAt, removePeople, type RunKeys } from './attack-gate.ts';
import { type AttackFlags, EXIT, type Io } from './command.ts';
import { endWhenTold } from './ending.ts';
import { loadLabFile } from './lab-file.ts';

/** Longest run without `--seconds`, as in LabOptions. */
const SECONDS = 180;

/**
 * `sallyport attack URL`: runs the attackers and prints what each of them got. Exits 0 when the run is complete
 * whatever they got, because what it says is so; 1 where nothing is blocked.
 */
export async function attack(url: string, flags: AttackFlags, io: Io): Promise<number> {
  endWhenTold();
  const prices = await loadPrices(flags.prices ?? null);
  const own = await ownGateAt(url);
  const given = { ...(await loadLabFile(url, own)), ...fromEnvironment(process.env) };
  const keys = own === null ? null : await issueKeys(own, flags.seconds ?? SECONDS);
  let revoked = false;
  let found: LabReport;
  try {
    found = await runLab(url, {
      rules: true,
      prices,
      ...given,
      ...fromGate(url, flags, own, keys),
      ...fromFlags(flags),
      ...progress(io),
    });
  } finally {
    revoked = keys !== null && (await keys.revoke());
  }
  const removed = own !== null && (await removePeople(own, found.made));
  const report: LabReport = { ...found, removed, issued: keys?.ids ?? [], revoked };
  io.terminal.out(io.json ? JSON.stringify(report, null, 2) : formatReport(report).trimEnd());
  return exitOf(report);
}

const exitOf = (report: LabReport): number => (report.nothingBlocked ? EXIT.no : EXIT.ok);

/** What the gate's own policy says of the address under attack, and what its owner may have of it. */
function fromGate(url: string, { create }: AttackFlags, own: OwnGate | null, keys: RunKeys | null): LabOptions {
  const object = objectRoutes(URL.parse(url)?.pathname ?? '/', own?.config.routes ?? [], create ?? null);
  const form = own === null ? null : formRoute(own.config);
  return {
    ...(own === null
      ? {}
      : {
          mode: own.status.mode,
          rollout: own.status.rollout,
          nobody: own.config.login === undefined,
          policy: own.config,
        }),
    ...(object === null ? {} : { object }),
    ...(form === null ? {} : { form }),
    ...(keys === null ? {} : { issued: keys }),
  };
}

function fromFlags(flags: AttackFlags): LabOptions {
  return {
    ...(flags.method === undefined ? {} : { method: flags.method.toUpperCase() }),
    ...(flags.page === undefined ? {} : { page: flags.page }),
    ...(flags.calls === undefined ? {} : { calls: flags.calls }),
    ...(flags.seconds === undefined ? {} : { seconds: flags.seconds }),
    ...(flags.tokenHeader === undefined ? {} : { tokenHeader: flags.tokenHeader }),
  };
}

function progress(io: Io): LabOptions {
  return {
    onRung: (name, when) => {
      if (when === 'start' && !io.json && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name} …`);
      if (when === 'end' && !io.json && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    },
  };
}

/** Secrets: whoever lists processes reads what stands on a command line. */
function fromEnvironment(env: NodeJS.ProcessEnv): LabOptions {
  const people = peopleFrom(env);
  const named = {
    token: env['SALLYPORT_TOKEN'] ?? '',
    apiKey: env['SALLYPORT_KEY'] ?? '',
    otherToken: env['SALLYPORT_OTHER_TOKEN'] ?? '',
  };
  return {
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== '')),
    ...(people === null ? {} : { people }),
  };
}

function peopleFrom(env: NodeJS.ProcessEnv): readonly [Account, Account] | null {
  const owner = accountFrom(env, 'SALLYPORT_LAB_PERSON');
  const other = accountFrom(env, 'SALLYPORT_LAB_OTHER');
  if (owner === null && other === null) return null;
  if (owner !== null && other !== null) return [owner, other];
  throw new LabError('option', 'the lab needs two people: SALLYPORT_LAB_PERSON and SALLYPORT_LAB_OTHER');
}

function accountFrom(env: NodeJS.ProcessEnv, variable: string): Account | null {
  const text = env[variable] ?? '';
  if (text === '') return null;
  const [, name, password] = /^([^:]+):(.+)$/s.exec(text) ?? [];
  if (name !== undefined && password !== undefined) return { name, password };
  throw new LabError('option', `${variable} is not written as name:password`);
}
