import type { Config } from 'sallyport/config';
import { startGate, type StartParts } from 'sallyport/gateway';
import { type Backend, startBackend } from './backend/server.ts';
import { buildPages } from './pages.ts';
import config from './sallyport.config.ts';

export interface RunningPosts {
  /** Where a browser goes: the gate's address, or the backend's where there is no gate. */
  readonly url: string;
  /** The gate's, whatever `url` says; 0 where there is none. */
  readonly port: number;
  readonly backend: Backend;
  close(): Promise<void>;
}

/** The app on a free port, with nothing in front of it. */
export async function startPosts(): Promise<RunningPosts> {
  const backend = await startBackend(await buildPages());
  return { url: backend.url, port: 0, backend, close: () => backend.close() };
}

/** The same routes, open to whoever has the page: what the gate does for an app that knows no people. */
export const withoutLogin: Config = {
  routes: (config.routes ?? []).map(({ user, creator, ...route }) => route),
};

/**
 * The app behind a gate, both on free ports; `changes` go over the fields of sallyport.config.ts, without those of `left`.
 * `parts` are the gate's own that are replaced, its clock for one.
 */
export async function startGuardedPosts(
  changes: Config = {},
  left: readonly (keyof Config)[] = [],
  parts: StartParts = {},
): Promise<RunningPosts> {
  const backend = await startBackend(await buildPages());
  const kept = Object.entries(config).filter(([name]) => !left.some((field) => field === name));
  const { login, ...own }: Config = Object.fromEntries(kept);
  const people = changes.routes === undefined && login !== undefined ? { login } : {};
  const gate = await startGate({ ...own, ...people, to: backend.url, listen: '127.0.0.1:0', ...changes }, parts);
  return {
    url: gate.url,
    port: gate.address.port,
    backend,
    async close() {
      await gate.close({ graceMs: 0 });
      await backend.close();
    },
  };
}
