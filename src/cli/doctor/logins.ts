import type { PersonRoute } from '../../gateway/gate-status.ts';
import { type AnswerKind, kindOf } from '../../lab/answer.ts';
import { createSender } from '../../lab/http.ts';
import { parseTarget } from '../../lab/target.ts';
import { createWireClient } from '../../lab/wire-client.ts';
import { shown } from '../terminal.ts';
import { type Finding, fine, unknown, wrong } from './finding.ts';

export interface LoginQuestion {
  /** Where the gate answers on this machine. */
  readonly origin: string;
  readonly mode: 'report' | 'enforce';
  /** Routes that change data and ask for somebody. */
  readonly routes: readonly PersonRoute[];
}

/** Routes asked at most. */
const MOST_ROUTES = 20;

/**
 * Whether a page of this app with nobody logged in is refused where policy asks for somebody. Asked without a body, for
 * objects that do not exist, and in enforce mode alone: in report mode the backend would get the call.
 */
export async function examineLogins({ origin, mode, routes }: LoginQuestion): Promise<Finding[]> {
  if (routes.length === 0) return [];
  if (mode === 'report')
    return [
      unknown(
        'logins',
        'whether logins are asked for is not tried in report mode, where the backend would get the call',
      ),
    ];
  const findings: Finding[] = [];
  for (const route of routes.slice(0, MOST_ROUTES)) findings.push(await examineRoute(origin, route));
  const wrongs = findings.filter(({ verdict }) => verdict !== 'fine');
  if (wrongs.length > 0) return wrongs;
  return [fine('logins', `anonymous callers are refused where a login is asked for (${findings.length} asked)`)];
}

async function examineRoute(origin: string, { name, method, path }: PersonRoute): Promise<Finding> {
  const target = parseTarget(origin + path);
  const sender = createSender(target);
  try {
    const client = createWireClient(target, '/', sender);
    const { opened, why } = await client.open();
    if (!opened) return unknown('logins', `${shown(name)} could not be asked: ${why}`);
    return judged(name, kindOf(await client.call({ method })));
  } finally {
    sender.close();
  }
}

function judged(name: string, kind: AnswerKind): Finding {
  if (kind.by === 'gate') return fine('logins', `${shown(name)} refuses an anonymous caller with code ${kind.code}`);
  if (kind.by === 'nobody') return unknown('logins', `${shown(name)} could not be asked: ${kind.why}`);
  return wrong(
    'logins',
    `${shown(name)} asks for a login by its policy, and let an anonymous caller through to the backend`,
    'look whether a mode of this route or of a layer is report (sallyport check)',
  );
}
