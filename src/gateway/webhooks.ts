import { isNameable } from './found.ts';
import type { RouteSeen } from './routebook.ts';

/** A protected route that only programs call, and the line that would let them. */
export interface Webhook {
  /** `POST /api/hooks/stripe` */
  readonly match: string;
  readonly requests: number;
  readonly networks: number;
  readonly signedBy: string;
}

/**
 * Routes that look like webhooks: every request to them came from a program, and the backend took it. One call by a page and
 * it is none: whoever found a route of the page's could otherwise have it proposed by calling it.
 */
export function foundWebhooks(seen: readonly RouteSeen[]): Webhook[] {
  return seen
    .filter(({ machines, requests, path, route }) => {
      const isCovered = route !== 'default' && !route.startsWith('open ');
      return isCovered && machines.requests > 0 && machines.requests === requests && path !== '…' && isNameable(path);
    })
    .map(({ method, path, machines: { requests, networks, signedBy } }) => ({
      match: `${method} ${path}`,
      requests,
      networks: networks.length,
      signedBy,
    }))
    .sort((a, b) => b.requests - a.requests);
}
