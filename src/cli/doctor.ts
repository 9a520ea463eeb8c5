import type { RunningGate } from '../gateway/admin-client.ts';
import type { GateRoutes, GateStatus } from '../gateway/gate-status.ts';
import type { RouteSeen } from '../gateway/routebook.ts';
import { origin as originRule } from '../guard/config-rules.ts';
import { SallyportError } from '../guard/errors.ts';
import { type DoctorFlags, EXIT, type Io, present } from './command.ts';
import { examineBackend } from './doctor/backend.ts';
import type { Finding } from './doctor/finding.ts';
import { examineLists } from './doctor/lists.ts';
import { examineLogins } from './doctor/logins.ts';
import { examinePages } from './doctor/pages.ts';
import { examineInstances, examineOpen, examineWrites } from './doctor/records.ts';
import { examineWay } from './doctor/way.ts';
import { loopbackOrigin } from './enforce.ts';
import { ask, theGate } from './gates.ts';
import { count, type Paint } from './terminal.ts';

export interface DoctorReport {
  readonly port: number;
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
}

/** `sallyport doctor`: looks at what surrounds a running gate. Exits 0 only when nothing is wrong and all could be seen. */
export async function doctor(flags: DoctorFlags, io: Io): Promise<number> {
  const rule = flags.public === undefined ? '' : originRule(flags.public);
  if (rule !== '')
    throw new SallyportError('usage', `command line: --public is ${JSON.stringify(flags.public)}; ${rule}`);
  const gate = await theGate(flags);
  const findings = await examine(gate, flags);
  const report = { port: gate.port, healthy: findings.every(({ verdict }) => verdict === 'fine'), findings };
  present(io, report, (said) => formatDoctor(said, io.terminal.paint));
  return report.healthy ? EXIT.ok : EXIT.no;
}

async function examine(gate: RunningGate, flags: DoctorFlags): Promise<Finding[]> {
  const status = await ask<GateStatus>(gate, 'GET', '/status');
  const { config, seen, persons } = await ask<GateRoutes>(gate, 'GET', '/routes');
  const shownOrigin = flags.public ?? status.public;
  const local = loopbackOrigin(status);
  const probes = async () => (await ask<GateStatus>(gate, 'GET', '/status')).probes;
  const way = await examineWay({ public: shownOrigin, local, probes });
  const pages = await examinePages({
    origin: shownOrigin || local,
    pages: flags.page ?? ['/'],
    mount: status.mount,
    wanted: status.documentFields,
    providers: config.challenge ?? {},
  });
  const jwks = `${shownOrigin || local}${status.mount}/jwks.json`;
  const backend = await examineBackend({ to: status.to, path: protectedPath(seen), jwks });
  const logins = await examineLogins({ origin: local, mode: status.mode, routes: persons });
  return [
    ...pages,
    backend,
    ...way,
    ...examineWrites(seen),
    examineOpen(config),
    ...logins,
    ...examineLists(status.lists),
    examineInstances(status.summary),
  ];
}

/** A protected address that was read before, so that a direct call asks for what matters. */
function protectedPath(seen: readonly RouteSeen[]): string {
  const found = seen.find(({ method, path, route }) => method === 'GET' && route !== 'default' && !/[:*…]/.test(path));
  return found?.path ?? '/';
}

export function formatDoctor({ findings, port, healthy }: DoctorReport, paint: Paint): string {
  const marks = { fine: paint.good('fine   '), wrong: paint.bad('wrong  '), unknown: paint.careful('unknown') };
  const lines = findings.map(
    ({ verdict, text, fix }) => `  ${marks[verdict]}  ${text}${fix === '' ? '' : `\n           → ${fix}`}`,
  );
  const wrongs = findings.filter(({ verdict }) => verdict !== 'fine').length;
  const end = healthy ? paint.good('Nothing is wrong.') : `${count(wrongs, 'thing')} to look at.`;
  return `${paint.strong('Sallyport')} on port ${port}\n\n${lines.join('\n')}\n\n${end}`;
}
