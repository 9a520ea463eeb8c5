import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { atMost, shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** Goal 1: one admission in one thread, against a full DPoP check and a bare ES256 check; fastest batches. */
export const admission: Goal = async ({ form, rounds }) => {
  const figures = await runWorker('admission', { rounds }, form.flags);
  const figure = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    atMost(1, 'µs of an admission under a ticket never seen before', figure('fresh'), 8),
    atMost(1, 'µs of an admission under a cached ticket', figure('cached'), 4),
    atMost(1, 'µs more where a known token says who calls than where nobody reads it', figure('subjectMore'), 1.5),
    shown(1, 'admission where a known token is read / where it is only signed', figure('subjectToCovered')),
    shown(1, 'µs more where the proof covers a token that nobody reads', figure('coveredMore')),
    shown(1, 'µs of the view of a request, not part of the admission', figure('view')),
    shown(1, 'µs of one HMAC-SHA-256 over 300 bytes, for scale', figure('hmac')),
    shown(1, 'µs of a full DPoP check', figure('dpop')),
    shown(1, 'µs of an ES256 check by jose', figure('es256')),
    shown(1, 'admission under a cached ticket / one HMAC-SHA-256 over 300 bytes', figure('cachedToHmac')),
    shown(1, 'admission under a new ticket / one HMAC-SHA-256 over 300 bytes', figure('freshToHmac')),
    atMost(1, 'admission under a new ticket / full DPoP check', figure('freshToDpop'), 1 / 25),
    atMost(1, 'admission under a new ticket / ES256 check by jose', figure('freshToEs256'), 1 / 10),
  ];
};
