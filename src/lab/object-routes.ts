import type { RouteConfig } from '../guard/config.ts';

/** How a person makes an object at the address under attack, and how objects are reached. */
export interface ObjectRoutes {
  /** JSON that a `POST` to the address under attack takes. */
  readonly body: string;
  /** Calls to the object: `:id` in the path stands for what the backend called it. */
  readonly reach: readonly Reach[];
}

export interface Reach {
  readonly method: string;
  readonly path: string;
  /** Media type of its body; '' for none. */
  readonly type: string;
}

/** A body that many a backend makes something of. */
const BODY = JSON.stringify({ title: 'lab', name: 'lab', text: 'lab' });

/**
 * What policy says of the objects that `POST {path}` creates: the routes that ask whose they are. Without a `body`, null
 * unless policy itself says by `creator` that objects are created there: the lab writes nothing unasked. With a body and no
 * such route, objects are reached by `PUT` and `DELETE`.
 */
export function objectRoutes(path: string, routes: readonly RouteConfig[], body: string | null): ObjectRoutes | null {
  const creates = routes.some(({ creator }) => creator?.of === `POST ${path}`);
  if (body === null && !creates) return null;
  const reach = routes.filter((route) => asksWhose(route, path)).flatMap(toReach);
  if (reach.length > 0) return { body: body ?? BODY, reach: reach.sort((a, b) => last(a) - last(b)) };
  const below = `${path.replace(/\/$/, '')}/:id`;
  return {
    body: body ?? BODY,
    reach: [
      { method: 'PUT', path: below, type: 'application/json' },
      { method: 'DELETE', path: below, type: '' },
    ],
  };
}

/** What deletes the object comes last. */
const last = ({ method }: Reach): number => (method === 'DELETE' ? 1 : 0);

function asksWhose({ match, creator, owner, can }: RouteConfig, path: string): boolean {
  if (creator !== undefined) return creator.of === `POST ${path}`;
  return (owner !== undefined || can !== undefined) && match.includes(` ${path.replace(/\/$/, '')}/:`);
}

function toReach({ match, contentTypes = [] }: RouteConfig): Reach[] {
  const [, method = '', path = ''] = /^([A-Z]+) (\/\S*)$/.exec(match) ?? [];
  const params = path.match(/\/:\w+/g) ?? [];
  if (params.length !== 1 || path.includes('*')) return [];
  const bodiless = method === 'DELETE' || method === 'GET' || method === 'HEAD';
  const type = bodiless ? '' : (contentTypes[0] ?? 'application/json');
  return [{ method, path: path.replace(/\/:\w+/, '/:id'), type }];
}
