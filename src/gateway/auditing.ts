import type { NewBan } from '../guard/ban-rule.ts';
import type { AuditEntry } from './admin-route.ts';
import type { Kept } from './kept.ts';
import type { Log } from './log.ts';
import { ADMIN } from './records-admin.ts';

/** Into the log first: records may be what fails. A switch that was made stays made. */
export async function audit(entry: AuditEntry, kept: Kept, log: Log): Promise<void> {
  const { action, target, details, outcome } = entry;
  log.warn(auditWords(entry), { action, ...(target === '' ? {} : { target }), details, outcome });
  try {
    const { audit } = await kept.records();
    const row = { time: Date.parse(entry.time), actor: ADMIN, action, target, details: { details }, outcome };
    await audit.append(row);
  } catch (error) {
    log.error('audit: this could not be recorded', error, { action });
  }
}

/** A rule has banned somebody: whoever runs the gate sees it, and can lift it. */
export async function keepBan(ban: NewBan, kept: Kept, log: Log): Promise<boolean> {
  const target = `${ban.kind}:${ban.value}`;
  log.warn(`banned by rule: ${ban.reason}`, { target, until: new Date(ban.until).toISOString() });
  try {
    const { bans, audit } = await kept.records();
    await bans.add(ban);
    const details = { details: ban.reason };
    await audit.append({ time: Date.now(), actor: 'rule', action: 'ban.add', target, details, outcome: 'done' });
    return true;
  } catch (error) {
    log.error('bans: this one could not be recorded; it holds in this process until it ends', error, { target });
    return false;
  }
}

/** A switch in a sentence: the banner above it on a terminal speaks of the mode before. */
function auditWords({ action, target, details, outcome }: AuditEntry): string {
  if (action !== 'mode' || outcome !== 'done') return `administration: ${action} ${outcome}`;
  if (target !== '') return `${target} from now on: ${details}`;
  if (details.startsWith('report')) return 'report mode from now on: NOTHING IS BLOCKED';
  const [, share = '100%'] = /rollout (\S+%)/.exec(details) ?? [];
  return share === '100%'
    ? 'enforce mode from now on: what fails a check is refused'
    : `enforce mode from now on, for ${share} of the sessions`;
}
