import type { Coverage, ScriptConfig, ScriptRoute } from '../wire/script-config.ts';

/**
 * Which calls are covered: what wire/script-config.ts says at length, in a form that the script has room for. Both
 * agree on every path that the server takes; a property test compares them. Where they could differ (sequences that
 * are no UTF-8), a call goes out unsigned and is refused: this decides nothing that protects.
 */
export function createCoverage(config: ScriptConfig, gate: string): Coverage {
  const origins = [gate, ...config.origins];
  const open = config.open.map((text) => compile(text, true));
  const protect = config.protect.map((text) => compile(text));
  const routes = config.routes.map((route) => {
    const [pattern = '', method] = route.match.split(' ').reverse();
    const exact = route.level === 'open';
    return { route, method, exact, pattern: compile(pattern, exact) };
  });
  return (method, { origin, pathname }) => {
    if (
      !origins.includes(origin) ||
      pathname.startsWith(`${config.mount}/`) ||
      open.some((pattern) => pattern.test(pathname))
    )
      return null;
    const folded = fold(pathname);
    const verb = method === 'HEAD' ? 'GET' : method;
    const row = routes.find(
      (each) => (!each.method || each.method === verb) && each.pattern.test(each.exact ? pathname : folded),
    );
    if (row) return row.exact ? null : row.route;
    return protect.some((pattern) => pattern.test(folded)) ? PROTECTED : null;
  };
}

const PROTECTED: ScriptRoute = { match: '/**' };

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

function compile(text: string, exact?: boolean): RegExp {
  const pieces = text
    .split('/')
    .slice(1)
    .filter((piece) => exact || piece);
  const source = pieces.map((piece) => {
    if (piece === '**') return '(?:/.*)?';
    if (/^(?::.*|\*)$/.test(piece)) return '/[^/]+';
    const literal = exact ? piece.replace(/[^!-~]+/g, encodeURIComponent) : fold(piece).slice(1);
    return `/${literal.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '[^/]*')}`;
  });
  return new RegExp(`^${source.join('') || '/'}$`, 's');
}
