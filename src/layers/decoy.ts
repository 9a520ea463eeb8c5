import type { Tickets } from '../doors/ticket.ts';
import type { Crawlers } from '../guard/bots.ts';
import type { Failure } from '../guard/ban-rule.ts';
import { noClaims } from '../guard/context.ts';
import { PASS, type Pass } from '../guard/decision.ts';
import type { KeyAlarm } from '../guard/keys.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import { modeOf } from '../guard/pipeline.ts';
import type { RequestView } from '../guard/view.ts';
import { whenKnown } from '../lib/eventually.ts';
import { failureOf } from './ban-rule.ts';
import { createProof } from './proof.ts';

export interface DecoyParts {
  readonly tickets: Tickets;
  readonly alarm: (alarm: KeyAlarm) => void;
  readonly failed: (failure: Failure) => void;
  /** Verified crawlers try whatever they find; null where none are listed. */
  readonly crawlers: Crawlers | null;
}

/**
 * Names that only a program comes upon that reads the bundle and tries what it finds. The answer is what any unknown address
 * gets, to the byte; that the page's own key asked is noted. Never refuses.
 */
export function createDecoy({ tickets, alarm, failed, crawlers }: DecoyParts): Layer {
  const proof = createProof(tickets);
  const note = (touched: Failure, name: string, counts: boolean, context: Context): Pass => {
    const { prefix, now } = context;
    context.note = `decoy ${name}`;
    alarm({ key: touched.holder, account: '', where: 'decoy', route: name, prefix, at: now });
    if (counts) failed(touched);
    return PASS;
  };
  const decoy: Layer = {
    name: 'decoy',
    forRoute: (route, policy) => {
      if (route.decoy === '') return null;
      const prove = proof.forRoute({ ...route, level: 'proof' }, policy);
      const counts = modeOf(policy, route, decoy) === 'enforce';
      return (request, context) => {
        const touched = prove === null ? null : touchedBy(request, context, prove);
        if (touched === null) return PASS;
        const crawler = crawlers?.find(request.headers.userAgent, context.address, context.prefix) ?? '';
        return whenKnown(crawler, (name) => (name === '' ? note(touched, route.decoy, counts, context) : PASS));
      };
    },
  };
  return decoy;
}

/** Null unless the page's own code has asked, of itself: no other site, no prefetch, no navigation, nobody without its key. */
function touchedBy(request: RequestView, context: Context, prove: Check): Failure | null {
  const { secFetchSite, secPurpose } = request.headers;
  if (secFetchSite === 'cross-site' || secFetchSite === 'same-site' || secPurpose !== '') return null;
  if (context.carrier !== 'call' && context.carrier !== 'stream') return null;
  // What is found out here must not show in the judgement that follows.
  const apart: Context = { ...context, claims: noClaims(context.now) };
  return prove(request, apart) === PASS ? failureOf(request, apart, 'decoy') : null;
}
