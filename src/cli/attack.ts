import { type RunningGate, runningGates } from '../gateway/admin-client.ts';
import type { GateRoutes, GateStatus } from '../gateway/control.ts';
import { formatReport, type LabOptions, type LabReport, LabError, runLab } from '../lab/index.ts';
import { type ObjectRoutes, objectRoutes } from '../lab/object-routes.ts';
import type { Account } from '../lab/people.ts';
import { EXIT, type Io } from './command.ts';
import { ask } from './gates.ts';
import type { AttackFlags } from './command.ts';

/**
 * `sallyport attack URL`: runs the attackers and prints what each of them got. Exits 0 when the run is complete
 * whatever they got, because what it says is so; 1 where nothing is blocked.
 */
export async function attack(url: string, flags: AttackFlags, io: Io): Promise<number> {
  const gate = await gateAt(url);
  const found = await runLab(url, await options(url, flags, io, gate));
  const report = { ...found, removed: gate !== null && (await cleanUp(gate, found)) };
  io.terminal.out(io.json ? JSON.stringify(report, null, 2) : formatReport(report).trimEnd());
  return exitOf(report);
}

const exitOf = (report: LabReport): number => (report.nothingBlocked ? EXIT.no : EXIT.ok);

async function options(url: string, flags: AttackFlags, io: Io, gate: RunningGate | null): Promise<LabOptions> {
  const mode = gate === null ? null : (await ask<GateStatus>(gate, 'GET', '/status')).mode;
  const people = peopleFrom(process.env);
  const object = await objectOf(url, flags, gate);
  return {
    ...(flags.method === undefined ? {} : { method: flags.method.toUpperCase() }),
    ...(flags.page === undefined ? {} : { page: flags.page }),
    ...(flags.calls === undefined ? {} : { calls: flags.calls }),
    ...(flags.seconds === undefined ? {} : { seconds: flags.seconds }),
    ...(flags.coreHour === undefined ? {} : { coreHour: flags.coreHour.price, currency: flags.coreHour.currency }),
    ...(flags.tokenHeader === undefined ? {} : { tokenHeader: flags.tokenHeader }),
    // A secret: whoever lists processes reads what stands on a command line.
    token: process.env['SALLYPORT_TOKEN'] ?? '',
    apiKey: process.env['SALLYPORT_KEY'] ?? '',
    otherToken: process.env['SALLYPORT_OTHER_TOKEN'] ?? '',
    ...(people === null ? {} : { people }),
    ...(object === null ? {} : { object }),
    ...(mode === null ? {} : { mode }),
    onRung: (name, when) => {
      if (when === 'start' && !io.json && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name} …`);
      if (when === 'end' && !io.json && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    },
  };
}

/** Our own gate on that port, which its socket speaks for; null where it is not ours to ask. */
async function gateAt(url: string): Promise<RunningGate | null> {
  const port = Number(URL.parse(url)?.port ?? 0);
  return (await runningGates().catch(() => [])).find((running) => running.port === port) ?? null;
}

/** Passwords are secrets: whoever lists processes reads what stands on a command line. */
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

/** What the gate's own policy says of objects that are made at this address. */
async function objectOf(url: string, { create }: AttackFlags, gate: RunningGate | null): Promise<ObjectRoutes | null> {
  const routes = gate === null ? [] : ((await ask<GateRoutes>(gate, 'GET', '/routes')).config.routes ?? []);
  return objectRoutes(URL.parse(url)?.pathname ?? '/', routes, create ?? null);
}

/** Throw-away people go when the run is over; where they cannot be removed, the report names them. */
async function cleanUp(gate: RunningGate, { made }: LabReport): Promise<boolean> {
  const reason = 'made by sallyport attack';
  const gone = made.map((name) =>
    ask(gate, 'POST', '/users/remove', { name, reason }).then(
      () => true,
      () => false,
    ),
  );
  return made.length > 0 && (await Promise.all(gone)).every((each) => each);
}
