import { claimCaller } from '../guard/caller.ts';
import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { NO_SERVED, PAGED_PER_MINUTE, type ServedClaim, type ServedRule } from '../guard/served.ts';
import type { RequestView } from '../guard/view.ts';

const NOT_SERVED = refusal('not-served', 'an id that an answer, or the page’s address, gave to this session');

/** Whether the HTML of a page that this browser loaded holds an id, by the stamp in its cookies. */
export type PageGives = (cookies: string, rule: ServedRule, id: string) => boolean;

/**
 * Only ids that this session was given: claims that each id in the path is one of them. An id that no answer gave may stand
 * in the HTML of the page, or in its own address, which people reach by links and bookmarks: so many a minute.
 */
export const createServed = (pages: PageGives): Layer => ({
  name: 'served',
  forRoute: ({ served: rules }) => {
    if (rules === NO_SERVED) return null;
    return (request, context) => {
      claimCaller(context);
      const claims: ServedClaim[] = [];
      for (const rule of rules) {
        const id = rule.idIn(request.path);
        if (id === '') return NOT_SERVED;
        claims.push(new NamedId(rule, id, { request, authority: context.authority, pages }));
      }
      context.claims.served = claims;
      return PASS;
    };
  },
});

/** Where an id may come from that no answer gave. */
interface Origin {
  readonly request: RequestView;
  readonly authority: string;
  readonly pages: PageGives;
}

/** An id in a path. Where else it may come from is asked only where it was not given, which is rare: to ask costs more than all else. */
class NamedId implements ServedClaim {
  readonly rule: ServedRule;
  readonly id: string;
  readonly #origin: Origin;
  #otherwise = -1;

  constructor(rule: ServedRule, id: string, origin: Origin) {
    this.rule = rule;
    this.id = id;
    this.#origin = origin;
  }

  get otherwise(): number {
    if (this.#otherwise < 0) this.#otherwise = this.#perMinute();
    return this.#otherwise;
  }

  #perMinute(): number {
    const { rule, id } = this;
    const { request, authority, pages } = this.#origin;
    if (rule.pages.length > 0 && pages(request.headers.cookie, rule, id)) return PAGED_PER_MINUTE;
    return rule.linked > 0 && namesId(request, authority, id) ? rule.linked : 0;
  }
}

const ENCODED = /[%+]/;

/** Whether the page that makes the call stands at an address of ours that names this id as a whole. */
function namesId({ headers: { referer } }: RequestView, authority: string, id: string): boolean {
  // Most pages name no id at all: what holds it neither plainly nor encoded need not be taken apart.
  if (referer === '' || (!referer.includes(id) && !ENCODED.test(referer))) return false;
  const page = URL.parse(referer);
  if (page === null || page.host !== authority) return false;
  if (page.pathname.split('/').some((segment) => decoded(segment) === id)) return true;
  return [...page.searchParams.values()].includes(id);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
