import { shownStateUrl } from '../guard/state-url.ts';
import { extname } from 'node:path';
import { runningGates } from '../gateway/admin-client.ts';
import type { Program } from '../gateway/fleet/supervisor.ts';
import type { LogLevel } from '../gateway/log.ts';
import type { Service, ServiceOptions } from '../gateway/service.ts';
import { tlsOf } from '../guard/config-tls.ts';
import { ConfigError, SallyportError } from '../guard/errors.ts';
import { banner, type GateReport } from './banner.ts';
import { EXIT, type Io, present } from './command.ts';
import { type ConfigFlags, type LoadedConfig, loadConfig } from './flags.ts';
import type { GateWorkerData } from './gate-worker.ts';
import { inFile } from './in-file.ts';
import { layersToAsk } from './layers.ts';
import { version } from './version.ts';
import { workersOf } from './workers.ts';

export interface RunFlags extends ConfigFlags {
  log: LogLevel;
}

/** `sallyport --to URL`: runs the gate until a signal ends it. Exits 0 after a graceful stop. */
export async function runGate(flags: RunFlags, io: Io): Promise<number> {
  const load = (): Promise<LoadedConfig> =>
    loadConfig(
      flags,
      layersToAsk().map(({ name }) => name),
    );
  const loaded = await load();
  checkStart(loaded);
  const { receiveInheritance } = await import('../gateway/lifecycle.ts');
  const inheritance = await receiveInheritance();
  const options = {
    ...loaded,
    version: version(),
    log: flags.log,
    inheritance,
    load: async () => (await load()).config,
  };
  const service = await inFile(loaded.file, () => start(options, workersOf(loaded.config), flags));
  if (inheritance === null) present(io, describe(service, loaded), (report) => banner(report, io.terminal.paint));
  await service.stopped;
  return EXIT.ok;
}

function checkStart({ config, file }: LoadedConfig): void {
  if (config.to === undefined) {
    const rule = 'write the backend’s URL, as in --to http://localhost:3000, or as `to` in sallyport.config.ts';
    throw new ConfigError(file === '' ? 'command line' : file, [
      { field: file === '' ? '--to' : 'to', value: 'nothing', rule },
    ]);
  }
  const secret = process.env['SALLYPORT_SECRET'] ?? '';
  if (secret !== '' && secret.length < 32) {
    const rule = 'write at least 32 characters, drawn at random, as from `openssl rand -base64 32`';
    throw new ConfigError('environment', [
      { field: 'SALLYPORT_SECRET', value: `${secret.length} characters long`, rule },
    ]);
  }
}

async function start(options: ServiceOptions, workers: number, flags: ConfigFlags): Promise<Service> {
  try {
    // What serves is loaded only once it is known what to serve.
    if (workers === 1) return await (await import('../gateway/service.ts')).startService(options);
    const { startFleet } = await import('../gateway/fleet/fleet.ts');
    return await startFleet({ ...options, workers, program: workerProgram(flags) });
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'listen') throw error;
    throw new SallyportError('listen', `${error.message}${await whoListens(options.config.listen)}`, { cause: error });
  }
}

/** What a worker runs: it reads the same file by the same flags where it cannot be given what was read. */
const workerProgram = (flags: ConfigFlags): Program => ({
  module: new URL(`./gate-worker${extname(import.meta.url)}`, import.meta.url),
  data: { flags: { ...flags } } satisfies GateWorkerData,
});

/** Says so where it is a gate of the same user that holds the port. */
async function whoListens(listen = '127.0.0.1:4000'): Promise<string> {
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1));
  const running = await runningGates().catch(() => []);
  return running.some((gate) => gate.port === port) ? ' (it is a Sallyport gate: `sallyport status` shows it)' : '';
}

function describe(service: Service, { config, file }: LoadedConfig): GateReport {
  const { url, listen, metrics, workers } = service;
  return {
    url,
    listen,
    workers,
    to: config.to ?? '',
    mode: service.mode(),
    rollout: service.rollout(),
    protect: config.protect ?? ['/api/**'],
    open: config.open ?? [],
    routes: config.routes?.length ?? 0,
    frontend: config.frontend ?? '',
    file,
    metrics,
    insecureHttp: config.insecureHttp === true,
    certificate: config.tls !== undefined && tlsOf(config.tls)?.cert === undefined,
    state: shownStateUrl(config.state ?? 'memory'),
    whenUnsure: config.whenUnsure ?? 'reads',
    build: service.build,
    secret: (process.env['SALLYPORT_SECRET'] ?? '') !== '',
    pid: process.pid,
  };
}
