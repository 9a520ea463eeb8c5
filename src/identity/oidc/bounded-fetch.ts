import type { CustomFetch, CustomFetchOptions } from 'openid-client';
import { readAtMost } from '../../lib/read-at-most.ts';

/** How requests leave the gate; `globalThis.fetch` fits. Injected so that tests need no network. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

export interface BoundedFetchOptions {
  readonly fetch: Fetch;
  /** Whether this URL is one of the provider's own endpoints. Nothing else is ever asked. */
  readonly allows: (url: string) => boolean;
}

/** Metadata, key sets and token responses are a few KiB. */
const MAX_RESPONSE = 256 * 1024;
/** Calls to one provider at the same time: more would be a flood that the gate hands on. */
const MAX_CONCURRENT = 64;

/** A fetch that asks endpoints of one provider only, follows no redirect and reads no more than it needs. */
export function createBoundedFetch({ fetch, allows }: BoundedFetchOptions): CustomFetch {
  let running = 0;
  return async (url: string, options: CustomFetchOptions) => {
    if (!allows(url)) throw new TypeError('this address is not an endpoint of the provider');
    if (running >= MAX_CONCURRENT) throw new TypeError('too many calls to the provider at once');
    running++;
    try {
      const { body, ...rest } = options;
      // The library sends forms only; its type also names streams, which would need another option.
      const sent = body instanceof ReadableStream ? null : ((body ?? null) as NonNullable<RequestInit['body']> | null);
      const response = await fetch(url, { ...rest, body: sent, redirect: 'manual' });
      const bytes = await readAtMost(response, MAX_RESPONSE);
      const { status, statusText, headers } = response;
      return new Response(EMPTY.has(status) ? null : bytes, { status, statusText, headers });
    } finally {
      running--;
    }
  };
}

/** Statuses that a Response with a body cannot have (Fetch §2.2.3). */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);
