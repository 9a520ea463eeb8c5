import { randomUUID } from 'node:crypto';
import { AdminRefusal, type AdminRoute } from './admin-route.ts';
import type { ObservedPage, ObservingDesk } from './observing.ts';

/** What `POST /observe` answers. */
export interface ObservingBegun {
  /** Names the watch: `GET /observed/TOKEN?after=0`. It ends when nobody asks for a quarter of a minute. */
  readonly token: string;
}

/** Administration of watching: who begins is audited; what is fetched is gone with the next question. */
export const observingRoutes = (desk: ObservingDesk): AdminRoute[] => [
  {
    method: 'POST',
    path: '/observe',
    action: 'observe.begin',
    act({ about }): ObservingBegun {
      about('', '');
      const token = randomUUID();
      if (!desk.open(token)) throw new AdminRefusal('somebody is watching already');
      return { token };
    },
  },
  {
    method: 'POST',
    path: '/observe/end',
    action: 'observe.end',
    act({ body: { token }, about }) {
      if (typeof token !== 'string') throw new AdminRefusal('token must be what begin answered');
      about('', '');
      return { ended: desk.close(token) };
    },
  },
  {
    method: 'GET',
    path: '/observed/',
    look: ({ rest, query }): ObservedPage | null => desk.after(rest, Number(query.get('after') ?? 0) || 0),
    missing: 'nobody is watching by this name, or no longer',
  },
];
