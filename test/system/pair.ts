import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Records } from '../../src/guard/records.ts';
import { createBans, type StoredBans } from '../../src/keys/bans.ts';
import { createSender, type RawAnswer, type RawRequest, type Sender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';

export const SECRET = 'one secret for all the instances, long enough';
export const TOKENS = 'the secret of the app’s own tokens, long enough';
export const PASSWORD = 'correct horse battery';

export interface Instance {
  readonly gate: Gate;
  readonly records: Records;
  readonly bans: StoredBans;
}

/** Two gates as behind one load balancer: they share secret and records, and nothing else. */
export interface Pair {
  readonly one: Instance;
  readonly other: Instance;
  readonly close: () => Promise<void>;
}

export async function openPair(open: () => Promise<Records>): Promise<Pair> {
  const backend = createServer((_request, response) => response.end('[]'));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const instance = async (changes: Config = {}): Promise<Instance> => {
    const records = await open();
    const bans = await createBans(records, Date.now);
    const config: Config = {
      to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      mint: { perPrefix: 1000, total: 1000 },
      login: {
        accounts: { signUp: 'open', token: 'your-api-token' },
        jwt: { issuer: 'app', audience: 'app', secret: TOKENS },
      },
      routes: [
        { match: 'GET /api/mine', user: true },
        { match: 'GET /api/all' },
        { match: 'GET /api/keyed', keys: ['posts:read'] },
      ],
      ...changes,
    };
    return { gate: await startGate(config, { secret: SECRET, records, bans }), records, bans };
  };
  const one = await instance();
  const other = await instance({ hosts: [`127.0.0.1:${one.gate.address.port}`] });
  return {
    one,
    other,
    async close() {
      for (const { gate, bans, records } of [one, other]) {
        await gate.close({ graceMs: 50 });
        bans.close();
        await records.close();
      }
      backend.closeAllConnections();
      await new Promise((resolve) => backend.close(resolve));
    },
  };
}

/** A browser that the balancer sends to either instance. */
export interface Browser {
  readonly client: WireClient;
  enter(at: Gate): Promise<void>;
}

export function browser({ one }: Pair, closing: (() => void)[]): Browser {
  const target = parseTarget(`http://127.0.0.1:${one.gate.address.port}/api/mine`);
  const senders = new Map<Gate, Sender>();
  let current = one.gate;
  const sender: Sender = {
    send(request: RawRequest): Promise<RawAnswer> {
      const found =
        senders.get(current) ?? createSender(parseTarget(`http://127.0.0.1:${current.address.port}/api/mine`));
      senders.set(current, found);
      return found.send(request);
    },
    close() {
      for (const each of senders.values()) each.close();
    },
  };
  closing.push(sender.close);
  const client = createWireClient(target, '/', sender);
  return {
    client,
    async enter(at) {
      current = at;
      const { opened, why } = await client.open();
      assert.ok(opened, why);
    },
  };
}

let people = 0;

/** A name that nobody has yet. */
export const newName = (of: string): string => `${of}-${people++}`;

export interface LoggedIn extends Browser {
  readonly name: string;
  readonly id: string;
}

/** Somebody new, logged in at the one instance. */
export async function loggedIn(pair: Pair, closing: (() => void)[]): Promise<LoggedIn> {
  const made = browser(pair, closing);
  await made.enter(pair.one.gate);
  const name = newName('person');
  const answer = await made.client.ask('/signup', { name, password: PASSWORD });
  assert.equal(answer.status, 200, Buffer.from(answer.body).toString());
  await made.enter(pair.one.gate);
  return { ...made, name, id: JSON.parse(Buffer.from(answer.body).toString()).user.id };
}
