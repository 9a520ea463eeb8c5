import type { AlertsConfig } from '../guard/config-rail.ts';

/** What a webhook gets, as JSON. */
export interface Alert {
  /** `guard-rail.undone`, `guard-rail.alert`. */
  readonly type: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** What it is about, in a sentence: chat systems show this field. */
  readonly text: string;
  readonly details: Readonly<Record<string, string | number>>;
}

export interface AlertsOptions {
  readonly config: () => AlertsConfig | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Told where a webhook does not take an alert; without its address. */
  warn(message: string): void;
  /** Milliseconds before the second, third and fourth attempt. */
  readonly waits?: readonly number[];
}

export interface Alerts {
  send(alert: Alert): void;
  /** Ends what is still being tried. */
  close(): void;
}

const WAITS = [1000, 5000, 30_000];
const PATIENCE_MS = 5000;
/** Alerts under way: a webhook that is away holds up nothing and piles up nothing. */
const MOST = 16;

/** Tells a webhook: up to four attempts each, never a redirect followed. What it answers is not read. */
export function createAlerts({ config, fetch, warn, waits = WAITS }: AlertsOptions): Alerts {
  const ended = new AbortController();
  let underWay = 0;

  const post = async (url: string, body: string): Promise<boolean> => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal }).catch(() => null);
    await answer?.body?.cancel().catch(() => {});
    return answer?.ok === true;
  };

  const deliver = async (url: string, body: string): Promise<void> => {
    for (const wait of [0, ...waits]) {
      if (wait > 0) await pause(wait, ended.signal);
      if (ended.signal.aborted || (await post(url, body))) return;
    }
    warn('alerts: the webhook did not take an alert; the log has it');
  };

  return {
    send(alert) {
      const url = config()?.webhook;
      if (url === undefined) return;
      if (underWay >= MOST) {
        warn('alerts: the webhook takes them too slowly; one was left out, the log has it');
        return;
      }
      underWay++;
      void deliver(url, JSON.stringify(alert)).finally(() => underWay--);
    },
    close: () => ended.abort(),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms).unref();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
