import type { PageConfig, PageRoute } from '../wire/page-config.ts';

/** The route of a covered call; null for one that the script leaves alone. */
export type Coverage = (
  method: string,
  url: { readonly origin: string; readonly pathname: string },
) => PageRoute | null;

/**
 * Which calls are covered: what wire/script-config.ts says at length, in a form that the script has room for. Both
 * agree on every path that the server takes; a property test compares them. Where they could differ (sequences that
 * are no UTF-8), a call goes out unsigned and is refused: this decides nothing that protects.
 */
export function createCoverage(config: PageConfig, gate: string): Coverage {
  const origins = [gate, ...config.origins];
  const compile = (source: string) => new RegExp(source, 's');
  const open = config.open.map(compile);
  const protect = config.protect.map(compile);
  const routes = config.routes.map((route) => ({
    route,
    exact: route.level === 'open',
    pattern: compile(route.path),
  }));
  return (method, { origin, pathname }) => {
    if (!origins.includes(origin) || open.some((pattern) => pattern.test(pathname))) return null;
    // What pages ask the gate itself: who is logged in, another password. Scripts and configuration anyone may have.
    if (pathname.startsWith(`${config.mount}/`)) return /\.js/.test(pathname) ? null : PROTECTED;
    const folded = fold(pathname);
    const verb = method === 'HEAD' ? 'GET' : method;
    const row = routes.find(
      (each) => (!each.route.method || each.route.method === verb) && each.pattern.test(each.exact ? pathname : folded),
    );
    if (row) return row.exact ? null : row.route;
    return protect.some((pattern) => pattern.test(folded)) ? PROTECTED : null;
  };
}

const PROTECTED: PageRoute = { method: '', path: '' };

/** Lower case, decoded but for what is structure or data, without empty segments and matrix parameters. */
function fold(path: string): string {
  const segments = path.split('/').map((segment) => {
    try {
      segment = decodeURIComponent(segment.replace(/%(?=[01]|2[35f]|3f|5c|7f)/gi, '%25'));
    } catch {}
    return segment.replace(/;.*/s, '').toUpperCase().toLowerCase();
  });
  return `/${segments.filter(Boolean).join('/')}`;
}
