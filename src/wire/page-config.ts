import { foldPath } from './fold.ts';
import { parseRoute } from './pattern.ts';
import type { ScriptConfig, ScriptRoute } from './script-config.ts';

/** {@link ScriptConfig} as the running script has it: patterns are expressions already, which it has no room to compile. */
export interface PageConfig extends Omit<ScriptConfig, 'protect' | 'open' | 'routes'> {
  /** Sources of expressions, for folded paths. */
  readonly protect: readonly string[];
  /** For paths as they are. */
  readonly open: readonly string[];
  readonly routes: readonly PageRoute[];
}

/** One route: {@link ScriptRoute} with its pattern as an expression, for raw paths where its level is `open`. */
export interface PageRoute extends Omit<ScriptRoute, 'match'> {
  /** '' for all; HEAD falls under GET's. */
  readonly method: string;
  readonly path: string;
}

/** Throws TypeError for what is no pattern. */
export function toPageConfig(config: ScriptConfig): PageConfig {
  return {
    ...config,
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
