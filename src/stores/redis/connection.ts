import type { Cluster, Redis } from 'ioredis';
import { SallyportError, UnreachableError } from '../../guard/errors.ts';
import { parseStateUrls, type ServerAddress } from '../../guard/state-url.ts';
import type { Script, ScriptRunner } from './wide/wide.ts';

export interface ConnectionOptions {
  /** Milliseconds after which a call counts as failed. Default 250. */
  readonly timeout?: number;
}

/** One server or a Cluster; it connects again by itself. What cannot be done in time rejects, and nothing is sent twice. */
export interface Connection extends ScriptRunner {
  /** Hears what anybody says on a channel; after an outage again, by itself. What was said meanwhile is not heard. */
  listen(channel: string, hear: (message: string) => void): Promise<void>;
  close(): Promise<void>;
}

type Client = Redis | Cluster;

const TIMEOUT_MS = 250;
const CONNECT_MS = 2000;
const SLOTS_MS = 1000;

/**
 * Connects to one Redis or Valkey server, or to a Cluster, which says so by itself. Loads the client on demand.
 *
 * Rejects where no server answers at first.
 */
export async function connectRedis(urls: string, options: ConnectionOptions = {}): Promise<Connection> {
  const addresses = parseStateUrls(urls);
  const { Cluster, Redis } = await load();
  const timeout = options.timeout ?? TIMEOUT_MS;
  const client = await firstThatAnswers(addresses, (address) => new Redis(ownOptionsOf(address, timeout)));
  const information = await client.info('cluster');
  if (!information.includes('cluster_enabled:1'))
    return connectionOf(client, false, timeout, () => client.duplicate(EAR));
  client.disconnect();
  const [first] = addresses;
  if (first === undefined) throw new TypeError('state: no server is named');
  const cluster = new Cluster(
    addresses.map(({ host, port }) => ({ host, port })),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      // Nothing is sent again: a counter that was burnt by a call whose answer got lost would be told as a replay.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: 0,
      maxRedirections: 4,
      slotsRefreshTimeout: CONNECT_MS,
      slotsRefreshInterval: SLOTS_MS,
      clusterRetryStrategy: (times) => Math.min(50 * times, 1000),
      redisOptions: optionsOf(first, timeout),
    },
  );
  cluster.on('error', ignore);
  cluster.on('node error', ignore);
  await cluster.connect();
  return connectionOf(cluster, true, timeout, () => cluster);
}

/** Who calls hears of errors by their calls. */
function ignore(): void {}

async function firstThatAnswers(
  addresses: readonly ServerAddress[],
  open: (address: ServerAddress) => Redis,
): Promise<Redis> {
  let failure: unknown;
  for (const address of addresses) {
    const client = open(address);
    client.on('error', ignore);
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.disconnect();
      failure = error;
    }
  }
  const why = failure instanceof Error ? failure.message : 'unknown';
  throw new SallyportError('state', `state: no server answers: ${why}`, { cause: failure });
}

/** What every connection has, wherever it leads. */
function optionsOf({ username, password, tls, host, db }: ServerAddress, timeout: number) {
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(tls ? { tls: { servername: host } } : {}),
    db,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    // The client counts by timers alone, which come before what has arrived meanwhile: see inTime.
    commandTimeout: Math.max(CONNECT_MS, 2 * timeout),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectionName: 'sallyport',
    // A master that became a replica: the address may lead to the new one by now.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

/** Of one server: it connects again by itself, and what is asked meanwhile fails at once. */
function ownOptionsOf(address: ServerAddress, timeout: number) {
  const { host, port, path } = address;
  return {
    ...optionsOf(address, timeout),
    ...(path === '' ? { host, port } : { path }),
    enableOfflineQueue: false,
    retryStrategy: (times: number) => Math.min(50 * times, 1000),
  };
}

/** Of a server's own words those that say that it cannot do it now, whatever it is asked. */
const AWAY = /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS)\b/;

/** What a server's refusal means: state that is away, or a defect. */
export const toFailure = (message: string, cause?: unknown): Error =>
  AWAY.test(message) ? new UnreachableError(`state: ${message}`, { cause }) : new Error(`state: ${message}`, { cause });

/** What the server did not say itself the connection did: it is gone, or the time is over. */
function failureOf(error: unknown): Error {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) {
    return error instanceof Error ? error : new Error('state: unknown');
  }
  if (error.name === 'ReplyError') return toFailure(error.message, error);
  return new UnreachableError(`state: ${error.message}`, { cause: error });
}

/**
 * Rejects when there is no answer after so many milliseconds. A loop that was held up for longer may have the answer already, unread:
 * it reads before it gives up.
 */
function inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('no answer in time'));
    const timer = setTimeout(() => setImmediate(late), milliseconds);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function load(): Promise<Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>> {
  try {
    return await import('ioredis');
  } catch (error) {
    const message = 'shared state on Redis needs the package ioredis; install it beside sallyport: npm install ioredis';
    throw new SallyportError('state', message, { cause: error });
  }
}

/** It waits for the server, however long that takes. */
const EAR = { lazyConnect: false, enableOfflineQueue: true, maxRetriesPerRequest: null };

function connectionOf(client: Client, cluster: boolean, timeout: number, openEar: () => Client): Connection {
  const ears: Client[] = [];
  return {
    cluster,
    async run(script: Script, keys, args) {
      try {
        return await inTime(client.evalsha(script.sha, keys.length, ...keys, ...args), timeout);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw failureOf(error);
        // It has not run: that it is sent again is no second try.
        return inTime(client.eval(script.source, keys.length, ...keys, ...args), timeout).catch((again: unknown) => {
          throw failureOf(again);
        });
      }
    },
    async listen(channel, hear) {
      // A server speaks to a connection that listens, or answers it; a Cluster's client has one for each.
      const ear = openEar();
      if (ear !== client) ears.push(ear);
      ear.on('error', ignore);
      ear.on('message', (from: string, message: string) => {
        if (from === channel) hear(message);
      });
      // Who may not listen goes without.
      await ear.subscribe(channel).catch(ignore);
    },
    async close() {
      for (const ear of ears) ear.disconnect();
      client.disconnect();
    },
  };
}
