import type { Context } from '../context.ts';

/** What a page may ask of the gate about who is logged in. */

/** What `login` and `logout` answer: the gate's status and the JSON it sent. */
export interface AccountAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: unknown;
}

/** The address with a proof in its query (docs/protocol.md §3.10). Rejects with Error where there is no entry. */
async function signUrl(context: Context, address?: unknown): Promise<string> {
  return (await context.chunks('sync')).signUrl(context, `${address}`);
}

const functions = { login, logout, user, signUrl };
type Functions = typeof functions;

/** Calls one of them for the page. */
export type Ask = <Name extends keyof Functions>(name: Name, given?: unknown) => ReturnType<Functions[Name]>;

export function createAsk(context: Context): Ask {
  // Each name has the answer of its own function, which TypeScript cannot follow through the table.
  return ((name, given) => functions[name](context, given)) as Ask;
}

/**
 * Logs in by what the gate's own accounts take (`{ name, password }`), then enters again as whoever is logged in now.
 * Without an argument it only enters again: for pages whose login was made by other means.
 */
async function login(context: Context, given?: unknown): Promise<AccountAnswer> {
  const answer = given ? await post(context, '/login', given) : { ok: true, status: 204, body: null };
  if (answer.ok) await context.door.renew();
  return answer;
}

/** Ends the login, here and in every tab. `body.redirect` is where the provider wants to be told, if it does. */
async function logout(context: Context): Promise<AccountAnswer> {
  const answer = await post(context, '/logout', {});
  if (answer.ok) await context.door.renew();
  return answer;
}

/** The logged-in person as the gate knows them; null while nobody is. Rejects where the gate refuses to say. */
async function user(context: Context): Promise<unknown> {
  const { gate, config } = context;
  const url = new URL(`${gate}${config.mount}/user`);
  const response = await context.call({ url, route: OWN }, new Request(url));
  if (!response.ok) throw new Error(`${response.status}`);
  const { user: known } = await response.json();
  return known ?? null;
}

const OWN = { method: '', path: '' };

async function post(context: Context, path: string, body: unknown): Promise<AccountAnswer> {
  const url = new URL(`${context.gate}${context.config.mount}${path}`);
  const request = new Request(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-requested-with': 'sallyport' },
    credentials: 'include',
    cache: 'no-store',
  });
  const response = await context.call({ url, route: OWN }, request);
  return { ok: response.ok, status: response.status, body: await response.json().catch(() => null) };
}
