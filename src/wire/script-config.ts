import { foldPath } from './fold.ts';
import { compilePattern, parseRoute } from './pattern.ts';

/**
 * What the page's script knows of the policy. It stands in the script itself, whose address is its hash: the same
 * for every visitor and every authority.
 */
export interface ScriptConfig {
  /** Path of the gate's own addresses, without trailing slash. */
  readonly mount: string;
  /** Client the script enters as. */
  readonly client: string;
  /** Patterns whose calls are signed. */
  readonly protect: readonly string[];
  /** Exact patterns that are never touched. */
  readonly open: readonly string[];
  /** Origins whose calls are covered besides the one that served the script: `https://api.example`. */
  readonly origins: readonly string[];
  /** Bodies up to this many bytes are digested whole, larger ones in slices of `slice` bytes. */
  readonly whole: number;
  readonly slice: number;
  /** Routes that need something else than a signed call; first match wins. */
  readonly routes: readonly ScriptRoute[];
  /** Whether covered calls go out sealed, where their route does not say otherwise. */
  readonly sealed?: boolean;
  /** Whether sessions may own a key here: the script then looks whether its own does. */
  readonly bound?: boolean;
  /** Whether the page tells how it is used by hand: counts and gaps of events (docs/behaviour.md). */
  readonly interaction?: boolean;
  /** Hash in the addresses of parts loaded on demand: `{mount}/{name}.{chunks}.js`. '' where they are bundled. */
  readonly chunks: string;
}

export interface ScriptRoute {
  /** `GET /api/posts/:id` or `/api/**`. */
  readonly match: string;
  /** Level of the route where it is not `proof`. `open` routes are never touched, `site` ones get no proof. */
  readonly level?: 'open' | 'site' | 'session';
  /** `unsigned`: no digest is made. */
  readonly body?: 'unsigned';
  /** Proofs by the synchronous key that the server takes here. */
  readonly sync?: readonly ('beacon' | 'sync' | 'url')[];
  /** Ways this route may be called that cannot sign. */
  readonly carriers?: readonly string[];
  /** Whether its calls go out sealed, where that differs from {@link ScriptConfig.sealed}. */
  readonly sealed?: boolean;
  /** Further header fields to cover, in order. */
  readonly signed?: readonly string[];
}

/** A covered call's route; the shared default for calls that only `protect` matches. */
export type Coverage = (method: string, url: CoveredUrl) => ScriptRoute | null;

/** The part of a `URL` that matters here. */
export interface CoveredUrl {
  readonly origin: string;
  readonly pathname: string;
}

/**
 * Compiles a configuration: the returned function answers the route of a covered call, null for one that the script
 * leaves alone. `ownOrigin` is the origin that served the script.
 */
export function compileCoverage(config: ScriptConfig, ownOrigin: string): Coverage {
  const origins = new Set([ownOrigin, ...config.origins]);
  const open = config.open.map((text) => compilePattern(text, 'exact'));
  const protect = config.protect.map((text) => compilePattern(text));
  const routes = config.routes.map((route) => {
    const { method, pattern } = parseRoute(route.match);
    // A row that weakens to `open` fits exact bytes only, as on the server.
    const exact = route.level === 'open';
    return { route, method, exact, pattern: compilePattern(pattern, exact ? 'exact' : 'folded') };
  });
  const mount = `${config.mount}/`;
  return (method, url) => {
    const path = url.pathname;
    if (!origins.has(url.origin) || open.some((pattern) => pattern.test(path))) return null;
    // What pages ask the gate itself: who is logged in, another password. Scripts and configuration anyone may have.
    if (path.startsWith(mount)) return /\.js/.test(path) ? null : PROTECTED;
    const folded = foldPath(path);
    const verb = method === 'HEAD' ? 'GET' : method;
    const fits = routes.find(
      (row) => (row.method === '' || row.method === verb) && row.pattern.test(row.exact ? path : folded),
    );
    if (fits !== undefined) return fits.exact ? null : fits.route;
    return protect.some((pattern) => pattern.test(folded)) ? PROTECTED : null;
  };
}

const PROTECTED: ScriptRoute = Object.freeze({ match: '/**' });

/** One question at a time, for tests and tools: is this call covered? Compiles every time. */
export function covers(config: ScriptConfig, method: string, url: CoveredUrl, ownOrigin: string): boolean {
  return compileCoverage(config, ownOrigin)(method, url) !== null;
}
