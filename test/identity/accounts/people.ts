import { createHash, randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createRandom } from '../../../src/doors/random.ts';
import { createKeyRing } from '../../../src/doors/seal.ts';
import { compilePolicy } from '../../../src/guard/compile.ts';
import type { AccountsConfig } from '../../../src/guard/config-accounts.ts';
import { parseConfig } from '../../../src/guard/config-schema.ts';
import type { Answer, Decision } from '../../../src/guard/decision.ts';
import type { BrowserSession } from '../../../src/guard/endpoint.ts';
import type { Records } from '../../../src/guard/records.ts';
import { type AccountsSource, createAccountsSource } from '../../../src/identity/accounts/source.ts';
import type { PasswordHasher } from '../../../src/identity/accounts/password.ts';
import type { LoginDesk, StoredLogin } from '../../../src/identity/source.ts';
import { createVault } from '../../../src/identity/vault.ts';
import { createRecords } from '../../../src/stores/records/open.ts';
import { viewOf } from '../../support/view.ts';

export const PASSWORD = 'correct horse battery';

/** The accounts of a gate whose clock a test moves, and a desk that writes down what it is given. */
export interface AccountsBench {
  readonly source: AccountsSource;
  readonly records: Records;
  readonly admitted: StoredLogin[];
  readonly ended: { source: string; subject?: string; sid?: string }[];
  /** Hashes made and compared. */
  readonly hashes: { count: number };
  /** Mails that were sent. */
  readonly mails: { to: string; name: string; url: string }[];
  /** Milliseconds that the clock is ahead. */
  pass(ms: number): void;
  wall(): number;
  person(options?: PersonOptions): Person;
  /** The `number`th mail that was sent, once it was. */
  mail(number?: number): Promise<{ to: string; name: string; url: string }>;
  addAccount(name: string, options?: { email?: string; roles?: string[] }): Promise<string>;
}

export interface PersonOptions {
  readonly prefix?: string;
  readonly cookies?: Map<string, string>;
  /** Without a session: nobody opened the doors. */
  readonly session?: BrowserSession | null;
}

export interface BenchOptions {
  readonly config?: AccountsConfig;
  readonly hasher?: PasswordHasher;
}

export async function openAccounts(t: TestContext, { config, hasher }: BenchOptions = {}): Promise<AccountsBench> {
  let ahead = 0;
  const clock = { wall: () => Date.now() + ahead, monotonic: () => performance.now() + ahead };
  const random = createRandom();
  const secret = 'a secret of the tests, 32 long at least';
  const records = await createRecords('memory', { secret, clock });
  t.after(() => records.close());
  const vault = createVault(Buffer.from(secret), random);
  const policy = compilePolicy(parseConfig({ to: 'http://localhost:3000', listen: '127.0.0.1:4000' }, 'test'));
  const admitted: StoredLogin[] = [];
  const ended: AccountsBench['ended'] = [];
  const mails: AccountsBench['mails'] = [];
  const hashes = { count: 0 };
  const desk: LoginDesk = {
    async admit(_call, login) {
      admitted.push(login);
      return [`__Host-sallyport-login=${admitted.length}; Path=/; Secure; HttpOnly; SameSite=Lax`];
    },
    leave: async () => ['__Host-sallyport=; Path=/; Max-Age=0'],
    stored: async () => admitted.at(-1) ?? null,
    async end(which) {
      ended.push({ ...which });
      return 1;
    },
  };
  const source = await createAccountsSource({
    config: {
      sendReset: (mail) => void mails.push(mail),
      sendVerification: (mail) => void mails.push(mail),
      ...config,
    },
    desk,
    records,
    ring: createKeyRing({ secret: Buffer.alloc(32, 3), clock, random }),
    vault,
    clock,
    random,
    policy: () => policy,
    scriptTag: () => '<script src="/_sallyport/s.0123456789abcdef.js"></script>',
    issuer: 'app.example',
    secret,
    hasher: hasher ?? quickHasher(hashes),
  });
  const bench: AccountsBench = {
    source,
    records,
    admitted,
    ended,
    hashes,
    mails,
    pass: (ms) => {
      ahead += ms;
    },
    wall: clock.wall,
    person: (options = {}) => new Person(bench, options),
    async mail(number = 1) {
      for (;;) {
        const sent = mails[number - 1];
        if (sent !== undefined) return sent;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async addAccount(name, { email = '', roles = [] } = {}) {
      const made = await source.context.directory.create({ name, email, password: PASSWORD, roles });
      if (made === 'taken') throw new Error(`${name} is taken`);
      return made.id;
    },
  };
  return bench;
}

/** Costs nothing, counts, and is no password hash at all. */
function quickHasher(hashes: { count: number }): PasswordHasher {
  const digest = (password: string): string => createHash('sha256').update(password).digest('base64');
  return {
    async hash(password) {
      hashes.count++;
      return digest(password);
    },
    async verify(password, stored) {
      hashes.count++;
      return digest(password) === stored;
    },
  };
}

/** A browser somewhere: its cookies and its network. */
export class Person {
  readonly cookies: Map<string, string>;
  readonly prefix: string;
  session: BrowserSession | null;
  /** Host that the request names. */
  authority = 'localhost:4000';
  readonly #bench: AccountsBench;

  constructor(bench: AccountsBench, { prefix = '192.0.2.1', cookies = new Map(), session }: PersonOptions) {
    this.#bench = bench;
    this.prefix = prefix;
    this.cookies = cookies;
    this.session =
      session === undefined ? { id: randomBytes(16).toString('base64url'), label: 'label', login: null } : session;
  }

  async ask(method: 'GET' | 'POST', path: string, body?: object | string): Promise<Answer> {
    const endpoint = this.#bench.source.endpoints.find((each) => each.method === method && each.path === path);
    if (endpoint === undefined) throw new Error(`nothing at ${method} ${path}`);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = viewOf({ method, target: `/_sallyport${path}`, headers: { cookie } });
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const decision: Decision = { ...ADMITTED, prefix: this.prefix, authority: this.authority };
    const answer = await endpoint.answer({ request, body: Buffer.from(text), decision, session: this.session });
    for (const line of valuesOf(answer, 'set-cookie')) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      if (line.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    return answer;
  }

  logIn(name: string, password = PASSWORD, further: object = {}): Promise<Answer> {
    return this.ask('POST', '/login', { name, password, ...further });
  }

  /** What the doors make of the last login: the session is now the account's. */
  arrive(): void {
    const login = this.#bench.admitted.at(-1);
    if (login === undefined) throw new Error('nobody has logged in');
    const { subject, expires } = login;
    this.session = {
      id: randomBytes(16).toString('base64url'),
      label: 'label',
      login: { subject, expires, relay: '' },
    };
  }
}

export function valuesOf(answer: Answer, name: string): string[] {
  return answer.fields.filter((_, index) => index % 2 === 1 && answer.fields[index - 1] === name);
}

/** Members of a JSON answer. */
export function said(answer: Answer): Record<string, unknown> {
  return JSON.parse(String(answer.body));
}

export const retryAfter = (answer: Answer): number => Number(valuesOf(answer, 'retry-after')[0] ?? 0);

const POLICY = compilePolicy(parseConfig({ to: 'http://localhost:3000' }, 'test'));

const ADMITTED: Decision = {
  outcome: 'admit',
  id: 'decisionid000001',
  code: '',
  layer: '',
  route: POLICY.mountRoute,
  carrier: 'call',
  level: 'site',
  client: '',
  session: '',
  subject: null,
  key: null,
  relay: '',
  prefix: '',
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
