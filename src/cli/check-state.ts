import type { Config } from '../guard/config.ts';
import { hasBudgets, recordsOf } from '../guard/records-url.ts';
import { isShared, shownStateUrl } from '../guard/state-url.ts';
import { ALL_PER_MINUTE, EACH_PER_MINUTE } from '../guard/unsure.ts';
import type { Deployment } from '../stores/redis/deployment.ts';

/** What is exact in the state that the configuration names, and what a failure costs; asks the server what it is. */
export async function describeState(config: Config): Promise<string[]> {
  const { state = 'memory' } = config;
  if (!isShared(config)) return MEMORY;
  const shown = shownStateUrl(state);
  const { inspectRedis } = await import('../stores/redis/deployment.ts');
  const found = await inspectRedis(state).catch((error: unknown) =>
    error instanceof Error ? error.message : 'unknown',
  );
  const away = whenAway(config);
  if (typeof found === 'string') return [`${shown}: cannot be asked now (${found})`, ...away];
  return [
    `${shown}: ${found.kind}, version ${found.version}`,
    ...SHARED,
    ...lost(found),
    ...money(config, found),
    ...away,
  ];
}

const MEMORY = [
  'in memory of this process: used proofs, steps, served ids and all limits are exact; every further process has its own',
  'a restart forgets all of it: no call from before is admitted again, every page enters once, counters and steps begin anew',
];

const SHARED = [
  'used proofs, steps, served ids and limits by session: exact over all gates',
  'limits wider than a session: never exceeded; what a gate has taken ahead counts as used where it is killed',
];

function lost({ kind, replicas, logs, eviction }: Deployment): string[] {
  const which = kind === 'a Cluster' ? 'a master' : 'the server';
  const kept = logs ? 'as of the last second that its log has' : 'those of its last snapshot, or none';
  return [
    `${which} is restarted: no call from before is admitted again and every page on it enters once; counters, steps and ids are ${kept}`,
    ...(kind === 'one server'
      ? []
      : [
          `a replica takes over (this master has ${replicas}): the same; counters, steps and ids lack what had not reached it, and sessions that were ended are ended again by the gates that know`,
        ]),
    ...(eviction === 'noeviction'
      ? []
      : [`its maxmemory-policy is ${eviction}: set noeviction, or it may forget that a session was ended`]),
  ];
}

function money(config: Config, { kind }: Deployment): string[] {
  if (!hasBudgets(config)) return [];
  if (recordsOf(config).startsWith('postgres')) return ['money: exact, in PostgreSQL'];
  const failover = kind === 'one server' ? 'a restart' : 'a restart or failover';
  return [
    `money: exact; what ${failover} loses the gates write again as far as they remember it, and \`status\` shows the rest`,
  ];
}

function whenAway({ whenUnsure = 'reads', routes = [] }: Config): string[] {
  const other = routes.filter((route) => route.whenUnsure !== undefined && route.whenUnsure !== whenUnsure);
  const all =
    whenUnsure === 'refuse'
      ? 'everything is refused'
      : `GET and HEAD that need no login, key, money, turn or id go on, ${EACH_PER_MINUTE} a minute by one session and ${ALL_PER_MINUTE} in all by one gate; all else is refused`;
  return [
    `while it cannot be reached: ${all}`,
    ...other.map(({ match, whenUnsure: own }) => `while it cannot be reached, ${match}: ${own}`),
  ];
}
