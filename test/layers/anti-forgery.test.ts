import { NOWHERE } from '../../src/guard/drift.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { createFormTokens, FORM_COOKIE, type FormTokens, type Visitor } from '../../src/doors/anti-forgery.ts';
import { createRandom } from '../../src/doors/random.ts';
import { createKeyRing } from '../../src/doors/seal.ts';
import { createSessionCookies } from '../../src/doors/session-cookie.ts';
import { carrierOf } from '../../src/guard/carrier.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import type { AntiForgeryConfig } from '../../src/guard/config-forms.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { newContext } from '../../src/guard/context.ts';
import type { Context } from '../../src/guard/layer.ts';
import { createAntiForgery } from '../../src/layers/anti-forgery.ts';
import { keyOf, personOf } from '../support/person.ts';
import { type Sketch, viewOf } from '../support/view.ts';

const FORM = 'application/x-www-form-urlencoded';
const NETWORK = '192.0.2.7';
const NO_FACTS = { ticket: null, subject: null, prefix: NETWORK };
const FORM_ROUTE: RouteConfig = { match: 'POST /contact', level: 'site', carriers: ['form'], contentTypes: [FORM] };

interface Desk {
  readonly tokens: FormTokens;
  readonly sessions: ReturnType<typeof createSessionCookies>;
  readonly clock: { now: number };
}

function desk(secret: Uint8Array = randomBytes(32)): Desk {
  const clock = { now: 1_750_000_000_000 };
  const time = { wall: () => clock.now, monotonic: () => clock.now };
  const ring = createKeyRing({ secret, clock: time });
  const sessions = createSessionCookies({
    ring,
    clock: time,
    cookieName: () => '__Host-sallyport',
    times: () => ({ idle: 43_200, max: 604_800 }),
  });
  return { tokens: createFormTokens({ ring, random: createRandom(), wall: time.wall, sessions }), sessions, clock };
}

/** `name=value` of a session's cookie. */
function sessionCookie({ sessions, clock }: Desk, id: string, login = 0): string {
  const created = Math.floor(clock.now / 1000);
  const cookie = sessions.issue({ id, place: 1, created, key: '', login, from: NOWHERE }, clock.now);
  return cookie.slice(0, cookie.indexOf(';'));
}

const idOf = (): string => randomBytes(16).toString('base64url');

/** A page that was loaded with these cookies: its token, and the cookies that the browser then has. */
function load(at: Desk, cookie = '', config: AntiForgeryConfig = {}, facts: Partial<typeof NO_FACTS> = {}) {
  const { antiForgery } = compilePolicy({ antiForgery: config });
  const request = viewOf({ headers: { cookie } });
  const visitor = at.tokens.visitorOf(request, { ...NO_FACTS, ...facts });
  const { token, cookies } = at.tokens.issue(visitor, antiForgery ?? assert.fail());
  const set = cookies.map((one) => one.slice(0, one.indexOf(';')));
  return { token, cookie: [cookie, ...set].filter((one) => one !== '').join('; '), cookies };
}

interface Submit extends Sketch {
  readonly config?: AntiForgeryConfig;
  readonly route?: Partial<RouteConfig>;
  readonly found?: Partial<Context>;
}

/** Asks the layer; what the browser sends is the sketch's. */
async function submit(at: Desk, { config = {}, route = {}, found = {}, ...sketch }: Submit) {
  const written: Config = {
    mode: 'enforce',
    antiForgery: config,
    routes: [{ ...FORM_ROUTE, ...route }],
    protect: ['/**'],
  };
  const policy = compilePolicy(parseConfig(written, 'test'));
  const request = viewOf({ method: 'POST', target: '/contact', ...sketch });
  const rule = policy.match('POST', request.path, request.folded);
  const context: Context = Object.assign(newContext(policy, rule, carrierOf(request), request, at.clock.now), {
    prefix: NETWORK,
    content: { read: async () => (request.body.length > 65_536 ? null : request.body.collect(65_536)) },
    ...found,
  });
  const check = createAntiForgery(at.tokens).forRoute(rule, policy);
  if (check === null) return { code: '-', wouldPass: '', note: '', fields: [] };
  const verdict = await check(request, context);
  const refused = verdict.kind === 'pass' ? null : verdict;
  return {
    code: refused?.code ?? '',
    wouldPass: refused?.wouldPass ?? '',
    note: context.note,
    fields: context.responseFields,
  };
}

const form = (fields: Record<string, string> | [string, string][], cookie: string, type = FORM): Sketch => ({
  headers: { 'content-type': type, cookie },
  body: new URLSearchParams(fields).toString(),
});
const byHeader = (token: string, cookie: string, name = 'x-xsrf-token'): Sketch => ({
  headers: { cookie, [name]: token, 'content-type': 'application/json' },
  body: '{}',
});

suite('people and their forms', () => {
  test('R30 a form of this browser passes, with its token in the field or in a header', async () => {
    const at = desk();
    const page = load(at);
    assert.match(page.cookies[0] ?? '', /^__Host-sallyport-form=[\w-]{22}; .*Secure; HttpOnly; SameSite=Lax$/);
    assert.equal((await submit(at, form({ name: 'A', _csrf: page.token }, page.cookie))).code, '');
    assert.equal((await submit(at, byHeader(page.token, page.cookie))).code, '');
    assert.equal((await submit(at, byHeader(page.token, page.cookie, 'X-CSRF-Token'))).code, '');
  });

  test('names of field and headers are the app’s own where it names them', async () => {
    const at = desk();
    const config = { field: 'authenticity_token', headers: ['x-app-token'] };
    const page = load(at, '', config);
    assert.equal((await submit(at, { config, ...form({ authenticity_token: page.token }, page.cookie) })).code, '');
    assert.equal((await submit(at, { config, ...byHeader(page.token, page.cookie, 'x-app-token') })).code, '');
    assert.equal((await submit(at, { config, ...form({ _csrf: page.token }, page.cookie) })).code, 'anti-forgery');
    assert.equal((await submit(at, { config, ...byHeader(page.token, page.cookie) })).code, 'anti-forgery');
  });

  test('a slow typist has two hours', async () => {
    const at = desk();
    const page = load(at);
    at.clock.now += 7_199_000;
    assert.equal((await submit(at, form({ _csrf: page.token }, page.cookie))).code, '');
  });

  test('two tabs, the back button, a form sent twice: every token is good while it lives', async () => {
    const at = desk();
    const first = load(at);
    const second = load(at, first.cookie);
    assert.equal(second.cookies[0], first.cookies[0], 'the second tab leaves the first one’s cookie as it is');
    for (const { token } of [second, first, second, first]) {
      assert.equal((await submit(at, form({ _csrf: token }, first.cookie))).code, '');
    }
  });

  test('a page that was loaded before the browser had a session is good once it has one', async () => {
    const at = desk();
    const page = load(at);
    const cookie = `${page.cookie}; ${sessionCookie(at, idOf())}`;
    assert.equal((await submit(at, form({ _csrf: page.token }, cookie))).code, '');
  });

  test('a form with a file passes', async () => {
    const at = desk();
    const page = load(at);
    const type = 'multipart/form-data; boundary=----WebKitFormBoundaryx';
    const body = multipart('----WebKitFormBoundaryx', [
      ['form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain', 'content\r\n--x'],
      ['form-data; name="_csrf"', page.token],
    ]);
    const headers = { 'content-type': type, cookie: page.cookie };
    assert.equal((await submit(at, { headers, body })).code, '');
  });

  test('a large upload shows its token in a header, since nobody looks into its body', async () => {
    const at = desk();
    const page = load(at);
    const large = { ...form({ x: 'x'.repeat(70_000), _csrf: page.token }, page.cookie) };
    assert.equal((await submit(at, large)).wouldPass, 'a token in a header or a form field');
    const headers = { ...large.headers, 'x-xsrf-token': page.token };
    assert.equal((await submit(at, { ...large, headers })).code, '');
  });

  test('what changes nothing needs none, and a key of a server neither', async () => {
    const at = desk();
    assert.equal((await submit(at, { method: 'GET', route: { match: '/contact' } })).code, '');
    assert.equal((await submit(at, { method: 'HEAD', route: { match: '/contact' } })).code, '');
    assert.equal((await submit(at, { found: { key: keyOf() } })).code, '');
    assert.equal((await submit(at, { route: { antiForgery: 'off' } })).code, '-');
  });

  test('R68 another network is noted, or refused where policy says so', async () => {
    const at = desk();
    const page = load(at);
    const sent = { ...form({ _csrf: page.token }, page.cookie), found: { prefix: '198.51.100.0' } };
    const noted = await submit(at, sent);
    assert.deepEqual([noted.code, noted.note], ['', 'the form was loaded from another network']);
    assert.equal((await submit(at, { ...sent, config: { network: 'refuse' } })).code, 'anti-forgery');
    const same = form({ _csrf: page.token }, page.cookie);
    assert.deepEqual(await submit(at, { ...same, config: { network: 'refuse' } }), {
      code: '',
      wouldPass: '',
      note: '',
      fields: [],
    });
  });
});

suite('forgers', () => {
  /** Refused, and for the reason that the test is about. */
  async function refused(at: Desk, sent: Submit, why: RegExp): Promise<void> {
    const { code, wouldPass } = await submit(at, sent);
    assert.deepEqual([code, why.test(wouldPass)], ['anti-forgery', true], wouldPass);
  }

  test('R30 no token', async () => {
    const at = desk();
    await refused(at, form({ name: 'A' }, load(at).cookie), /a token in a header/);
    await refused(at, { headers: { 'content-type': 'text/plain' }, body: '_csrf=x' }, /a token in a header/);
    await refused(at, { headers: {} }, /a token in a header/);
  });

  test('R30 another session’s token, another browser’s, and a browser without its cookie', async () => {
    const at = desk();
    const mine = load(at, sessionCookie(at, idOf()));
    await refused(at, form({ _csrf: mine.token }, sessionCookie(at, idOf())), /this session/);
    const own = load(at);
    await refused(at, form({ _csrf: own.token }, load(at).cookie), /this session/);
    await refused(at, form({ _csrf: own.token }, ''), /this session/);
    await refused(at, form({ _csrf: mine.token }, load(at).cookie), /this session/);
  });

  test('R16 R30 a token of the time before the login is dead (session fixation), and so is one of another login', async () => {
    const at = desk();
    const id = idOf();
    const anonymous = load(at);
    await refused(
      at,
      form({ _csrf: anonymous.token }, `${anonymous.cookie}; ${sessionCookie(at, idOf(), 5)}`),
      /logged in or out/,
    );
    const before = load(at, sessionCookie(at, id));
    await refused(at, form({ _csrf: before.token }, sessionCookie(at, id, 5)), /logged in or out/);
    const first = load(at, sessionCookie(at, id, 5));
    await refused(at, form({ _csrf: first.token }, sessionCookie(at, id, 6)), /logged in or out/);
    await refused(at, form({ _csrf: first.token }, sessionCookie(at, id)), /logged in or out/);
    assert.equal((await submit(at, form({ _csrf: first.token }, sessionCookie(at, id, 5)))).code, '');
  });

  test('R16 a person who shows who they are with each request has tokens of their own', async () => {
    const at = desk();
    const page = load(at, '', {}, { subject: null });
    const sent = form({ _csrf: page.token }, page.cookie);
    await refused(at, { ...sent, found: { subject: personOf() } }, /logged in or out/);
    const known = at.tokens.visitorOf(viewOf({ headers: { cookie: page.cookie } }), {
      ...NO_FACTS,
      subject: personOf(),
    });
    const rule = compilePolicy({ antiForgery: {} }).antiForgery ?? assert.fail();
    const { token } = at.tokens.issue(known, rule);
    assert.equal(
      (await submit(at, { ...form({ _csrf: token }, page.cookie), found: { subject: personOf() } })).code,
      '',
    );
    await refused(
      at,
      { ...form({ _csrf: token }, page.cookie), found: { subject: personOf({ id: '8' }) } },
      /logged in or out/,
    );
  });

  test('R30 an old token, and one of a time to come', async () => {
    const at = desk();
    const page = load(at);
    at.clock.now += 7_201_000;
    await refused(at, form({ _csrf: page.token }, page.cookie), /within its life/);
    at.clock.now -= 7_201_000 + 120_000;
    await refused(at, form({ _csrf: page.token }, page.cookie), /within its life/);
  });

  test('R20 R30 an altered token, one of another server, and a cookie of ours in its place', async () => {
    const at = desk();
    const page = load(at, sessionCookie(at, idOf()));
    for (let place = 0; place < page.token.length; place += 7) {
      const changed = `${page.token.slice(0, place)}${page.token[place] === 'A' ? 'B' : 'A'}${page.token.slice(place + 1)}`;
      await refused(at, form({ _csrf: changed }, page.cookie), /given here/);
    }
    await refused(at, form({ _csrf: load(desk()).token }, page.cookie), /given here/);
    await refused(at, form({ _csrf: page.cookie.slice(page.cookie.indexOf('=') + 1) }, page.cookie), /given here/);
    await refused(at, form({ _csrf: 'x'.repeat(60_000) }, page.cookie), /given here/);
    await refused(at, form({ _csrf: '' }, page.cookie), /given here/);
  });

  test('R30 a token in the URL alone is none', async () => {
    const at = desk();
    const page = load(at);
    const target = `/contact?_csrf=${page.token}&x-xsrf-token=${page.token}`;
    await refused(at, { ...form({ name: 'A' }, page.cookie), target }, /a token in a header/);
  });

  test('R30 a token in a cookie alone is none: every form brings cookies', async () => {
    const at = desk();
    const page = load(at, '', { cookie: true });
    assert.match(page.cookie, /XSRF-TOKEN=/);
    await refused(at, { ...form({ name: 'A' }, page.cookie), config: { cookie: true } }, /a token in a header/);
  });

  test('of several tokens each must be good: fields doubled, header and field apart', async () => {
    const at = desk();
    const page = load(at);
    const bad = load(at).token;
    const twice: [string, string][] = [
      ['_csrf', page.token],
      ['_csrf', bad],
    ];
    await refused(at, form(twice, page.cookie), /this session/);
    await refused(at, form(twice.toReversed(), page.cookie), /this session/);
    const apart = form({ _csrf: page.token }, page.cookie);
    await refused(at, { ...apart, headers: { ...apart.headers, 'x-xsrf-token': bad } }, /this session/);
    const other = form({ _csrf: bad }, page.cookie);
    await refused(at, { ...other, headers: { ...other.headers, 'x-xsrf-token': page.token } }, /this session/);
    await refused(
      at,
      { headers: { cookie: page.cookie, 'x-xsrf-token': page.token, 'x-csrf-token': bad } },
      /this session/,
    );
    await refused(
      at,
      form(
        Array.from({ length: 5 }, (): [string, string] => ['_csrf', page.token]),
        page.cookie,
      ),
      /one token/,
    );
    const both = form({ _csrf: load(at, page.cookie).token }, page.cookie);
    assert.equal((await submit(at, { ...both, headers: { ...both.headers, 'x-xsrf-token': page.token } })).code, '');
  });

  test('a form whose parts could be read in two ways shows nothing', async () => {
    const at = desk();
    const page = load(at);
    const boundary = 'xyz';
    const field: [string, string] = ['form-data; name="_csrf"', page.token];
    const good = multipart(boundary, [field]);
    const send = (body: string, type = `multipart/form-data; boundary=${boundary}`): Submit => ({
      headers: { 'content-type': type, cookie: page.cookie },
      body,
    });
    assert.equal((await submit(at, send(good))).code, '');
    const none = /a token in a header/;
    const unreadable = /a form as its content type says/;
    const rows: [string, Submit, RegExp][] = [
      [
        'in the name of a file',
        send(multipart(boundary, [['form-data; name="_csrf"; filename="x"', page.token]])),
        none,
      ],
      [
        'inside a file',
        send(
          multipart(boundary, [
            [
              'form-data; name="f"; filename="x"',
              `--other\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n${page.token}`,
            ],
          ]),
        ),
        none,
      ],
      [
        'encoded',
        send(multipart(boundary, [[`form-data; name="_csrf"\r\nContent-Transfer-Encoding: base64`, page.token]])),
        none,
      ],
      [
        'two dispositions',
        send(
          multipart(boundary, [[`form-data; name="_csrf"\r\nContent-Disposition: form-data; name="b"`, page.token]]),
        ),
        none,
      ],
      [
        'before the first delimiter',
        send(`Content-Disposition: form-data; name="_csrf"\r\n\r\n${page.token}\r\n${multipart(boundary, [])}`),
        unreadable,
      ],
      ['behind the last delimiter', send(`${multipart(boundary, [])}${good}`), unreadable],
      ['without an end', send(good.replace(`--${boundary}--`, '')), unreadable],
      ['two boundaries', send(good, `multipart/form-data; boundary=abc; boundary=${boundary}`), unreadable],
      ['no boundary', send(good, 'multipart/form-data'), unreadable],
      ['bare line feeds', send(good.replaceAll('\r\n', '\n')), unreadable],
    ];
    for (const [name, sent, why] of rows)
      await refused(at, sent, why).catch((error) => assert.fail(`${name}: ${error}`));
  });

  test('a GET that names another method is asked as that one', async () => {
    const at = desk();
    const sent = { method: 'GET', target: '/contact?_method=DELETE', route: { match: '/contact' } };
    await refused(at, sent, /a token in a header/);
  });

  test('a second cookie of the same name is nobody’s', async () => {
    const at = desk();
    const page = load(at);
    await refused(at, form({ _csrf: page.token }, `${page.cookie}; ${FORM_COOKIE}=${'A'.repeat(22)}`), /this session/);
  });
});

suite('the cookie that scripts read', () => {
  const config = { cookie: true };

  test('it is readable, secure and of this host, and holds a token', () => {
    const page = load(desk(), '', config);
    assert.match(page.cookies[1] ?? '', /^XSRF-TOKEN=[\w.-]+; Path=\/; Max-Age=7200; Secure; SameSite=Lax$/);
    assert.ok((page.cookies[1] ?? '').length < 4096, 'R14');
  });

  test('a refusal brings a fresh one, so that the next attempt passes', async () => {
    const at = desk();
    const page = load(at, '', config);
    const cookie = `${page.cookie}; ${sessionCookie(at, idOf(), 5)}`;
    const answer = await submit(at, { config, ...byHeader(page.token, cookie) });
    assert.equal(answer.code, 'anti-forgery');
    const [, set = ''] = answer.fields;
    const token = /^XSRF-TOKEN=([^;]+)/.exec(set)?.[1] ?? assert.fail(set);
    assert.equal((await submit(at, { config, ...byHeader(token, cookie) })).code, '');
  });

  test('a read after a login brings a fresh one, and one whose token is good brings none', async () => {
    const at = desk();
    const page = load(at, '', config);
    const read = { config, method: 'GET', route: { match: '/contact', level: 'session' as const, carriers: [] } };
    assert.deepEqual((await submit(at, { ...read, headers: { cookie: page.cookie } })).fields, []);
    const cookie = `${page.cookie}; ${sessionCookie(at, idOf(), 5)}`;
    assert.match((await submit(at, { ...read, headers: { cookie } })).fields[1] ?? '', /^XSRF-TOKEN=/);
    const open = { ...read, route: { match: '/contact', level: 'site' as const, carriers: [] } };
    assert.equal((await submit(at, { ...open, headers: { cookie } })).code, '-', 'shared caches may keep those');
  });
});

test('R30 tokens of one visitor are never alike: compressed pages tell nothing of them', () => {
  const at = desk();
  const visitor: Visitor = { session: '', login: 0, form: 'A'.repeat(22), subject: '', prefix: NETWORK };
  const rule = compilePolicy({ antiForgery: {} }).antiForgery ?? assert.fail();
  const secrets = Array.from({ length: 100 }, () => at.tokens.issue(visitor, rule).token.split('..')[1]);
  assert.equal(new Set(secrets).size, 100);
  assert.equal(new Set(secrets.map((secret) => secret?.slice(0, 8))).size, 100);
});

function multipart(boundary: string, parts: readonly [string, string][]): string {
  const written = parts.map(
    ([disposition, value]) => `--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n${value}\r\n`,
  );
  return `${written.join('')}--${boundary}--\r\n`;
}
