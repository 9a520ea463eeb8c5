import type { SessionId } from './behaviour.ts';
import type { Failure } from './ban-rule.ts';
import type { SessionRef } from './state.ts';

/** A session that a page has just entered. */
export interface EnteredSession {
  readonly id: string;
  readonly ref: SessionRef;
  /** Seconds since 1970. */
  readonly created: number;
  readonly client: string;
  readonly prefix: string;
  readonly userAgent: string;
  /** The page load that it was entered by; '' where nobody knows. */
  readonly load: string;
}

/** What a guard has learned that those beside it, which share its state, have to know as well. */
export type News =
  | { readonly kind: 'entered'; readonly session: EnteredSession }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** A session that is used as one in so many is. */
  | { readonly kind: 'unusual'; readonly session: SessionId; readonly odds: number }
  /** The HTML of a page load gives these ids; `before`: the load whose ids go on holding. */
  | { readonly kind: 'page'; readonly load: string; readonly before: string; readonly ids: readonly string[] };

/**
 * Guards in other threads of one gate, on the same port: a page's calls come to any of them. What they tell each other is
 * for the books; nothing that decides once and for all goes this way.
 */
export interface Siblings {
  tell(news: News): void;
  onNews(listener: (news: News) => void): void;
}
