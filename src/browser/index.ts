import { DEFAULT_MOUNT, DIGEST_SLICE_BYTES, WHOLE_DIGEST_BYTES } from '../wire/constants.ts';
import { toPageConfig } from '../wire/page-config.ts';
import type { ScriptConfig, ScriptRoute } from '../wire/script-config.ts';
import type { LoadPart, Parts } from './context.ts';
import type { AccountAnswer } from './chunks/account.ts';
import { INSTALLED, type Installed, installScript } from './install.ts';

export type { Code } from '../wire/codes.ts';
export type { ScriptConfig, ScriptRoute } from '../wire/script-config.ts';
export type { AccountAnswer } from './chunks/account.ts';
export { REFUSAL_EVENT, refusalOf, SallyportError } from './refusal.ts';

/** What a frontend that the gate does not serve says about its gate. */
export interface InstallOptions {
  /** Origin of the gate: `https://api.example`. Default: the page's own. */
  readonly gate?: string;
  /** Name of the client in the gate's configuration. Default `default`. */
  readonly client?: string;
  /** Patterns whose calls are signed. Where absent, the gate is asked once, and calls are covered from then on. */
  readonly protect?: readonly string[];
  /** Exact patterns inside them that are left alone. Default none. */
  readonly open?: readonly string[];
  /** Routes that need something else than a signed call. Default none. */
  readonly routes?: readonly ScriptRoute[];
  /** Whether the gate's configuration has `sealed`; single routes say otherwise. Only beside `protect`. Default false. */
  readonly sealed?: boolean;
  /** Default `/_sallyport`. */
  readonly mount?: string;
}

const loaders: { readonly [Name in keyof Parts]: () => Promise<Parts[Name]> } = {
  account: () => import('./chunks/account.ts'),
  body: () => import('./chunks/body.ts'),
  bound: () => import('./chunks/bound.ts'),
  captcha: () => import('./chunks/captcha.ts'),
  challenge: () => import('./chunks/challenge.ts'),
  events: () => import('./chunks/events.ts'),
  interaction: () => import('./chunks/interaction.ts'),
  media: () => import('./chunks/media.ts'),
  refused: () => import('./chunks/refused.ts'),
  sealed: () => import('./chunks/sealed.ts'),
  'sealed-xhr': () => import('./chunks/sealed-xhr.ts'),
  socket: () => import('./chunks/socket.ts'),
  sync: () => import('./chunks/sync.ts'),
  work: () => import('./chunks/work.ts'),
  xhr: () => import('./chunks/xhr.ts'),
};
const load: LoadPart = (name) => loaders[name]();

/**
 * Covers the page's calls to the gate, as the script does that the gate adds to its own pages. Call it before the
 * app makes or wraps its first call; where the script or an earlier call has installed, nothing happens. With
 * `protect` it is done when it returns, else when the promise settles.
 *
 * Rejects with TypeError where `gate` is no origin, or the gate gives no configuration.
 */
export async function install(options: InstallOptions = {}): Promise<void> {
  if (Reflect.get(self, INSTALLED)) return;
  const { gate = self.location.origin, mount = DEFAULT_MOUNT, protect } = options;
  if (new URL(gate).origin !== gate)
    throw new TypeError(`gate ${JSON.stringify(gate)}: an origin has a scheme and a host, and no path`);
  const config = protect
    ? withDefaults(options, protect)
    : { ...(await readConfig(gate + mount, options.client)), mount };
  installScript(toPageConfig(config), gate, load);
}

function withDefaults(options: InstallOptions, protect: readonly string[]): ScriptConfig {
  const { mount = DEFAULT_MOUNT, client = 'default', open = [], routes = [] } = options;
  return {
    mount,
    client,
    protect,
    open,
    routes,
    origins: [],
    ...(options.sealed ? { sealed: true } : {}),
    whole: WHOLE_DIGEST_BYTES,
    slice: DIGEST_SLICE_BYTES,
    chunks: '',
  };
}

async function readConfig(address: string, client: string | undefined): Promise<ScriptConfig> {
  const response = await fetch(
    `${address}/config.json${client === undefined ? '' : `?client=${encodeURIComponent(client)}`}`,
  );
  if (!response.ok) throw new TypeError(`${address}/config.json answered ${response.status}`);
  return response.json();
}

/**
 * The same address with a proof in its query, for what can carry no header: a media element, a download. Good for
 * GET on routes whose policy lists `sync: ['url']`, for 60 seconds.
 *
 * Rejects with Error where nothing is installed or the door is closed.
 */
export async function signUrl(address: string | URL): Promise<string> {
  return installed().ask('signUrl', address);
}

/**
 * Logs in by the gate's own accounts (`{ name, password }`), then goes on as whoever is logged in now; without an
 * argument only the latter, for a login that was made by other means. Other tabs are told `login-changed`.
 *
 * Resolves to what the gate answered, refusals too. Rejects with Error where nothing is installed.
 */
export async function login(given?: object): Promise<AccountAnswer> {
  return installed().ask('login', given);
}

/** Ends the login in every tab. `body.redirect` is the provider's own logout address, where it has one. */
export async function logout(): Promise<AccountAnswer> {
  return installed().ask('logout');
}

/** The person who is logged in, as the gate knows them; null while nobody is. */
export async function user(): Promise<unknown> {
  return installed().ask('user');
}

function installed(): Installed {
  const found: Installed | undefined = Reflect.get(self, INSTALLED);
  if (!found) throw new Error('nothing is installed in this page: call install first');
  return found;
}
