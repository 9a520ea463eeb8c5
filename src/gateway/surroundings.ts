import { SallyportError } from '../guard/errors.ts';
import { type AdminActions, type AdminOptions, openAdmin } from './admin.ts';
import type { AdminRoute } from './admin-route.ts';
import { type Metrics, type MetricsServer, serveMetrics } from './metrics.ts';

/** What people run a gate by. */
export interface Surroundings {
  /** `host:port` of the metrics; '' without. */
  readonly metrics: string;
  close(): Promise<void>;
}

export interface SurroundingsParts {
  /** Port that the gate listens on. */
  readonly port: number;
  readonly actions: AdminActions;
  readonly routes: readonly AdminRoute[];
  /** See {@link AdminOptions.elsewhere}. */
  readonly elsewhere?: NonNullable<AdminOptions['elsewhere']>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** `host:port` at which metrics are wanted; undefined for nowhere. */
  readonly at: string | undefined;
  /** Whether another process still holds what this one takes over. */
  readonly inherits: boolean;
}

/** Administration and metrics. */
export async function openSurroundings(parts: SurroundingsParts): Promise<Surroundings> {
  const { port, actions, routes, elsewhere, metrics, at: want, inherits } = parts;
  const admin = await openAdmin({ port, actions, routes, ...(elsewhere === undefined ? {} : { elsewhere }) });
  if (want === undefined) return { metrics: '', close: () => admin.close() };
  const ended = new AbortController();
  const serving = inherits ? serveLater(() => serveMetrics(metrics, want), ended.signal) : serveMetrics(metrics, want);
  const close = async (): Promise<void> => {
    ended.abort();
    await admin.close();
    await (await serving)?.close();
  };
  if (inherits) return { metrics: want, close };
  try {
    return { metrics: (await serving)?.address ?? '', close };
  } catch (error) {
    await admin.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new SallyportError('listen', `metrics is ${want}; nothing can listen there (${why}): choose another port`);
  }
}

/** The process that is replaced holds the metrics' port until it has finished what it has. */
async function serveLater(serve: () => Promise<MetricsServer>, ended: AbortSignal): Promise<MetricsServer | null> {
  for (let attempt = 0; attempt < 120 && !ended.aborted; attempt++) {
    const served = await serve().catch(() => null);
    if (served !== null) return served;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return null;
}
