import { randomUUID } from 'node:crypto';
import { AdminRefusal, type AdminRoute } from './admin-route.ts';
import { createMarksKey } from '../learning/marks.ts';
import { MOST_WAITING, type ObservedPage, type Watching } from './observing.ts';

/** Who watches a gate, whether that is one thread or several. */
export interface AnyObservingDesk {
  open(watching: Watching): Promise<boolean> | boolean;
  after(token: string, number: number): Promise<ObservedPage | null> | ObservedPage | null;
  close(token: string): Promise<boolean> | boolean;
}

/** What `POST /observe` answers. */
export interface ObservingBegun {
  /** Names the watch: `GET /observed/TOKEN?after=0`. It ends when nobody asks for a quarter of a minute. */
  readonly token: string;
}

/** Administration of watching: who begins is audited; what is fetched is gone with the next question. */
export const observingRoutes = (desk: AnyObservingDesk): AdminRoute[] => [
  {
    method: 'POST',
    path: '/observe',
    action: 'observe.begin',
    async act({ about }): Promise<ObservingBegun> {
      about('', '');
      const token = randomUUID();
      if (!(await desk.open({ token, key: createMarksKey(), most: MOST_WAITING })))
        throw new AdminRefusal('somebody is watching already');
      return { token };
    },
  },
  {
    method: 'POST',
    path: '/observe/end',
    action: 'observe.end',
    async act({ body: { token }, about }) {
      if (typeof token !== 'string') throw new AdminRefusal('token must be what begin answered');
      about('', '');
      return { ended: await desk.close(token) };
    },
  },
  {
    method: 'GET',
    path: '/observed/',
    look: ({ rest, query }) => desk.after(rest, Number(query.get('after') ?? 0) || 0),
    missing: 'nobody is watching by this name, or no longer',
  },
];
