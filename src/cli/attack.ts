import { runningGates } from '../gateway/admin-client.ts';
import type { GateStatus } from '../gateway/control.ts';
import { formatReport, type LabOptions, type LabReport, runLab } from '../lab/index.ts';
import { EXIT, type Io } from './command.ts';
import { ask } from './gates.ts';
import type { AttackFlags } from './command.ts';

/**
 * `sallyport attack URL`: runs the attackers and prints what each of them got. Exits 0 when the run is complete
 * whatever they got, because what it says is so; 1 where nothing is blocked.
 */
export async function attack(url: string, flags: AttackFlags, io: Io): Promise<number> {
  const report = await runLab(url, await options(url, flags, io));
  io.terminal.out(io.json ? JSON.stringify(report, null, 2) : formatReport(report).trimEnd());
  return exitOf(report);
}

const exitOf = (report: LabReport): number => (report.nothingBlocked ? EXIT.no : EXIT.ok);

async function options(url: string, flags: AttackFlags, io: Io): Promise<LabOptions> {
  const mode = await modeOf(url);
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
    ...(mode === null ? {} : { mode }),
    onRung: (name, when) => {
      if (when === 'start' && !io.json && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name} …`);
      if (when === 'end' && !io.json && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    },
  };
}

/** The mode of our own gate on that port, from its socket; null where it is not ours to ask. */
async function modeOf(url: string): Promise<'report' | 'enforce' | null> {
  const port = Number(URL.parse(url)?.port ?? 0);
  const gate = (await runningGates().catch(() => [])).find((running) => running.port === port);
  return gate === undefined ? null : (await ask<GateStatus>(gate, 'GET', '/status')).mode;
}
