import { providerTags } from '../doors/provider-tag.ts';
import { type Stamps, stampFor } from '../doors/stamp.ts';
import type { Guard } from '../guard/guard.ts';
import { createPageIds, type PageIds } from '../guard/page-ids.ts';
import type { Siblings } from '../guard/siblings.ts';
import type { PageGives } from '../layers/served.ts';
import type { InForce } from './in-force.ts';

/** What becomes of the app's pages on their way out, and which ids they gave. */
export interface Pages extends Required<Pick<Guard, 'stampFor' | 'readPage' | 'scriptTag'>> {
  readonly gives: PageGives;
  /** A page that another guard gave. */
  readonly learn: PageIds['learn'];
}

export function createPages({ policy, script }: InForce, stamps: Stamps, siblings: Siblings | null): Pages {
  const ids = createPageIds(policy, siblings?.tell);
  return {
    gives: (cookies, rule, id) => cookies !== '' && ids.has(stamps.loadOf(cookies), rule, id),
    learn: ids.learn,
    stampFor: (_request, cacheControl) => (stampFor(cacheControl).stamp ? stamps.issue() : null),
    readPage(request, stamp) {
      if (!ids.isAsked) return null;
      const load = stamps.loadOf(stamp.slice(0, stamp.indexOf(';')));
      return load === '' ? null : ids.reader(load, stamps.loadOf(request.headers.cookie));
    },
    scriptTag: (nonce) => script().tag(nonce) + providerTags(policy().config.challenge ?? {}, nonce),
  };
}
