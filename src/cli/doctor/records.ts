import type { Config } from '../../guard/config.ts';
import type { RouteSeen } from '../../gateway/routebook.ts';
import type { Summary } from '../../gateway/summary.ts';
import { count, shown } from '../terminal.ts';
import { type Finding, fine, wrong } from './finding.ts';

/** Routes that change data for anybody. No gate replaces a login (P1.7). */
export function examineWrites(seen: readonly RouteSeen[]): Finding[] {
  const writes = seen.filter(({ anonymousWrites }) => anonymousWrites > 0);
  if (writes.length === 0) return [fine('writes', 'no route was seen that changes data for an anonymous caller')];
  return writes.map(({ method, path, anonymousWrites }) =>
    wrong(
      'writes',
      `${shown(method)} ${shown(path)} changes data and answers 2xx to an anonymous caller (seen ${count(anonymousWrites, 'time')})`,
      'ask for a login there: Sallyport decides what calls, and is not authorization',
    ),
  );
}

/** What answers everybody because the configuration says so (P8.3). */
export function examineOpen({ open = [] }: Config): Finding {
  if (open.length === 0) return fine('open', 'nothing is excepted by `open`');
  return fine('open', `answers everybody, by \`open\`: ${open.map(shown).join(', ')}`);
}

/** Tickets of other instances: memory is not shared between processes. */
export function examineInstances({ byCode }: Summary): Finding {
  const met = byCode.find(({ name }) => name === 'wrong-instance')?.requests ?? 0;
  if (met === 0) return fine('instances', 'no ticket of another instance was seen');
  return wrong(
    'instances',
    `${count(met, 'request')} carried a ticket that another instance of the gate gave`,
    'several instances run behind one address, and their memory is not shared: let the balancer keep a visitor on one instance (by the cookie __Host-sallyport), or run one',
  );
}
