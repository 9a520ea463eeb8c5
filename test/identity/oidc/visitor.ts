import { createKeyRing } from '../../../src/doors/seal.ts';
import { createRandom } from '../../../src/doors/random.ts';
import { compilePolicy } from '../../../src/guard/compile.ts';
import type { Config } from '../../../src/guard/config.ts';
import type { ProviderConfig } from '../../../src/guard/config-login.ts';
import { parseConfig } from '../../../src/guard/config-schema.ts';
import type { Answer, Decision } from '../../../src/guard/decision.ts';
import type { BrowserSession, EndpointCall } from '../../../src/guard/endpoint.ts';
import type { Subject } from '../../../src/guard/subject.ts';
import type { Fetch } from '../../../src/identity/oidc/bounded-fetch.ts';
import type { OidcEvent } from '../../../src/identity/oidc/parts.ts';
import { createOidcSource } from '../../../src/identity/oidc/source.ts';
import type { LoginDesk, Source, StoredLogin } from '../../../src/identity/source.ts';
import { viewOf } from '../../support/view.ts';
import { CLIENT } from './provider.ts';

export const GATE = 'http://localhost:4000';

/** A gate reduced to the endpoints of its providers, and a desk that writes down what it is given. */
export interface TestGate {
  readonly sources: readonly Source[];
  readonly admitted: StoredLogin[];
  readonly ended: { source: string; subject?: string; sid?: string }[];
  readonly events: OidcEvent[];
  /** `sub` of a person who is kept out. */
  blocked: string;
  /** Thrown by the desk when set. */
  fault: Error | null;
  /** Seconds that the clock is ahead. */
  ahead: number;
  visitor(session?: string): Visitor;
}

export interface GateOptions {
  /** Provider configurations by name, without what is the same for all. */
  readonly providers: Readonly<Record<string, Partial<ProviderConfig>>>;
  readonly config?: Partial<Config>;
  readonly returnTo?: string[];
  readonly fetch?: Fetch;
}

export function createTestGate({ providers, config, returnTo, fetch }: GateOptions): TestGate {
  const complete = Object.fromEntries(
    Object.entries(providers).map(([name, own]): [string, ProviderConfig] => [
      name,
      { clientId: CLIENT.id, ...('clientKey' in own ? {} : { clientSecret: CLIENT.secret }), ...own },
    ]),
  );
  const login = { providers: complete, ...(returnTo === undefined ? {} : { returnTo }) };
  const parsed = parseConfig({ to: 'http://localhost:3000', listen: '127.0.0.1:4000', login, ...config }, 'test');
  const policy = compilePolicy(parsed);
  const random = createRandom();
  const gate: TestGate = {
    sources: [],
    admitted: [],
    ended: [],
    events: [],
    fault: null,
    blocked: '',
    ahead: 0,
    visitor: (session) => new Visitor(gate, session),
  };
  const clock = { wall: () => Date.now() + gate.ahead * 1000, monotonic: () => performance.now() + gate.ahead * 1000 };
  const ring = createKeyRing({ secret: Buffer.alloc(32, 3), clock, random });
  const desk: LoginDesk = {
    async admit(_call, stored) {
      if (gate.fault !== null) throw gate.fault;
      gate.admitted.push(stored);
      return [`__Host-sallyport-login=${gate.admitted.length}; Path=/; Secure; HttpOnly; SameSite=Lax`];
    },
    leave: async () => ['__Host-sallyport=; Path=/; Max-Age=0'],
    stored: async () => gate.admitted.at(-1) ?? null,
    async end(which) {
      if (gate.fault !== null) throw gate.fault;
      gate.ended.push({ ...which });
      return 1;
    },
  };
  const report = async (event: OidcEvent): Promise<void> => void gate.events.push(event);
  const isBlocked = async ({ id }: Subject): Promise<boolean> => id === gate.blocked;
  const made = Object.entries(complete).map(([name, own]) =>
    createOidcSource({
      name,
      config: own,
      desk,
      ring,
      clock,
      random,
      policy: () => policy,
      report,
      isBlocked,
      ...(fetch === undefined ? {} : { fetch }),
    }),
  );
  (gate.sources as Source[]).push(...made);
  return gate;
}

export interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly authority?: string;
  readonly prefix?: string;
}

/** What a browser keeps for providers. */
export class Traveller {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Follows redirects among providers until one leads home; answers that address. */
  async travel(from: string, home: string): Promise<string> {
    let url = new URL(from);
    for (let hop = 0; hop < 10; hop++) {
      const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
      this.#cookies.set(url.origin, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
      keep(jar, response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider answers ${response.status}: ${await response.text()}`);
      url = new URL(location, url);
      if (url.origin === home) return url.href;
    }
    throw new Error('the providers send in circles');
  }
}

/** A browser: its cookies for the gate, and for everybody else. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #traveller = new Traveller();
  session: BrowserSession | null;
  readonly #gate: TestGate;

  constructor(gate: TestGate, session?: string) {
    this.#gate = gate;
    this.session = session === undefined ? null : { id: session, label: 'label', login: null };
  }

  /** Goes to an address of the gate below its mount. */
  async ask(method: 'GET' | 'POST', address: string, sent: Sent = {}): Promise<Answer> {
    const path = address.split('?')[0];
    const endpoint = this.#gate.sources
      .flatMap(({ endpoints }) => endpoints)
      .find((candidate) => candidate.method === method && candidate.path === path);
    if (endpoint === undefined) throw new Error(`nothing at ${method} ${address}`);
    const answer = await endpoint.answer(this.call(method, address, sent));
    keep(this.cookies, valuesOf(answer, 'set-cookie'));
    return answer;
  }

  /** The call as the gate hands it to an endpoint. */
  call(method: 'GET' | 'POST', address: string, { headers, body, ...decided }: Sent): EndpointCall {
    const target = `/_sallyport${address}`;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = viewOf({
      method,
      target,
      headers: { cookie, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const decision = { ...ADMITTED, ...decided };
    return { request, body: Buffer.from(body ?? ''), decision, session: this.session };
  }

  /** Begins a login; answers the address at the provider. */
  async begin(name: string, query = 'return=/posts'): Promise<string> {
    const answer = await this.ask('GET', `/login/${name}?${query}`);
    if (answer.status !== 303) throw new Error(`no login began: ${answer.status} ${String(answer.body)}`);
    return valuesOf(answer, 'location')[0] ?? '';
  }

  /** Follows redirects among providers until one leads to the gate; answers that address. */
  travel(from: string): Promise<string> {
    return this.#traveller.travel(from, GATE);
  }

  /** Comes back to the gate. */
  arrive(url: string): Promise<Answer> {
    return this.ask('GET', url.slice(`${GATE}/_sallyport`.length));
  }

  /** A whole login. */
  async login(name: string, query?: string): Promise<Answer> {
    return this.arrive(await this.travel(await this.begin(name, query)));
  }
}

export function valuesOf(answer: Answer, name: string): string[] {
  return answer.fields.filter((_, index) => index % 2 === 1 && answer.fields[index - 1] === name);
}

function keep(jar: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const name = pair.slice(0, pair.indexOf('='));
    const gone = attributes.some((text) => /^max-age=0$/i.test(text) || /^expires=thu, 01 jan 1970/i.test(text));
    if (gone) jar.delete(name);
    else jar.set(name, pair.slice(name.length + 1));
  }
}

const POLICY = compilePolicy(parseConfig({ to: 'http://localhost:3000' }, 'test'));

/** What the layers made of a request to the mount. */
const ADMITTED: Decision = {
  outcome: 'admit',
  id: 'decisionid000001',
  code: '',
  layer: '',
  route: POLICY.assetRoute,
  carrier: 'navigation',
  level: 'open',
  client: '',
  session: '',
  subject: null,
  key: null,
  relay: '',
  prefix: '127.0.0.1',
  address: '127.0.0.1',
  secure: false,
  authority: 'localhost:4000',
  trail: [],
  answer: null,
  responseFields: [],
  streamDigest: null,
  body: null,
  retryAfter: 0,
  proof: null,
};
