import { foldPath } from './fold.ts';
import { parseRoute } from './pattern.ts';
import type { ScriptConfig, ScriptRoute } from './script-config.ts';

/** {@link ScriptConfig} as the running script has it: patterns are expressions already, which it has no room to compile. */
export interface PageConfig extends Omit<ScriptConfig, 'protect' | 'open' | 'routes' | 'interaction'> {
  /** Sources of expressions, for folded paths. */
  readonly protect: readonly string[];
  /** For paths as they are. */
  readonly open: readonly string[];
  readonly routes: readonly PageRoute[];
  /** Parts that begin with the page; absent for none. */
  readonly starts?: readonly Starting[];
}

/** Parts that are not loaded on first use, but where policy wants them. */
export type Starting = 'media' | 'interaction';

/** One route: {@link ScriptRoute} with its pattern as an expression, for raw paths where its level is `open`. */
export interface PageRoute extends Omit<ScriptRoute, 'match'> {
  /** '' for all; HEAD falls under GET's. */
  readonly method: string;
  readonly path: string;
}

/** Throws TypeError for what is no pattern. */
export function toPageConfig({ interaction, ...config }: ScriptConfig): PageConfig {
  const media = config.routes.some(({ carriers }) => carriers?.includes('media'));
  const starts: Starting[] = [...(media ? ['media' as const] : []), ...(interaction ? ['interaction' as const] : [])];
  return {
    ...config,
    ...(starts.length > 0 ? { starts } : {}),
    protect: config.protect.map((text) => toExpression(text, false)),
    open: config.open.map((text) => toExpression(text, true)),
    routes: config.routes.map(({ match, ...route }) => {
      const { method, pattern } = parseRoute(match);
      return { ...route, method, path: toExpression(pattern, route.level === 'open') };
    }),
  };
}

function toExpression(text: string, exact: boolean): string {
  const pieces = text
    .split('/')
    .slice(1)
    .filter((piece) => exact || piece !== '');
  const source = pieces.map((piece) => {
    if (piece === '**') return '(?:/.*)?';
    if (piece === '*' || piece.startsWith(':')) return '/[^/]+';
    const literal = exact ? piece.replace(/[^!-~]+/g, encodeURIComponent) : foldPath(`/${piece}`).slice(1);
    return `/${literal.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '[^/]*')}`;
  });
  return `^${source.join('') || '/'}$`;
}
