import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { type ConfigProblem, ConfigError, SallyportError } from '../../src/guard/errors.ts';
import { createGuard } from '../../src/index.ts';

function problemsOf(value: unknown, layers?: readonly string[]): readonly ConfigProblem[] {
  try {
    parseConfig(value, 'sallyport.config.ts', layers === undefined ? {} : { layers });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

interface Row {
  readonly name: string;
  readonly config: unknown;
  readonly field: string;
  /** What the rule must say. */
  readonly says: RegExp;
  readonly value?: string;
}

const proxies = (value: unknown) => ({ trustedProxies: value });
const route = (fields: object) => ({ routes: [{ match: '/api/a', ...fields }] });

const refused: readonly Row[] = [
  {
    name: 'R7 a number of hops is refused and says why',
    config: proxies(2),
    field: 'trustedProxies',
    says: /CIDR blocks.*number of hops is not taken/,
    value: '2',
  },
  {
    name: 'R7 a number of hops inside the list is refused',
    config: proxies([1]),
    field: 'trustedProxies[0]',
    says: /number of hops/,
  },
  {
    name: 'R7 a number of hops as text is refused',
    config: proxies(['1']),
    field: 'trustedProxies[0]',
    says: /number of hops/,
  },
  { name: 'R7 `true` for every proxy is refused', config: proxies(true), field: 'trustedProxies', says: /CIDR blocks/ },
  {
    name: 'R7 a host name as proxy is refused',
    config: proxies(['loopback']),
    field: 'trustedProxies[0]',
    says: /host names are not taken/,
  },
  {
    name: 'a bare address gets its CIDR spelling',
    config: proxies(['10.0.0.7']),
    field: 'trustedProxies[0]',
    says: /10\.0\.0\.7\/32/,
  },
  {
    name: 'a prefix length beyond 32 is refused',
    config: proxies(['10.0.0.0/33']),
    field: 'trustedProxies[0]',
    says: /between 0 and 32/,
  },
  {
    name: 'R7 a block with bits beyond its length is refused, not passed over',
    config: proxies(['10.0.0.5/8']),
    field: 'trustedProxies[0]',
    says: /first/,
  },
  {
    name: 'R7 so is a prefix length with a zero in front',
    config: proxies(['10.0.0.0/08']),
    field: 'trustedProxies[0]',
    says: /first/,
  },
  {
    name: 'R7 and an address with a zone',
    config: proxies(['fe80::1%eth0/128']),
    field: 'trustedProxies[0]',
    says: /zone/,
  },
  {
    name: 'a network of everybody is refused',
    config: proxies(['0.0.0.0/0']),
    field: 'trustedProxies[0]',
    says: /everyone/,
  },
  {
    name: 'an unknown field names the one that was meant',
    config: { protekt: [] },
    field: 'protekt',
    says: /did you mean protect\?/,
  },
  {
    name: 'an unknown field far from all lists what is known',
    config: { zzzzzz: 1 },
    field: 'zzzzzz',
    says: /known are to, listen/,
  },
  {
    name: 'an unknown field inside a route is found',
    config: route({ carrier: ['media'] }),
    field: 'routes[0].carrier',
    says: /did you mean carriers\?/,
    value: '["media"]',
  },
  {
    name: 'a mode that does not exist names the modes',
    config: { mode: 'enforced' },
    field: 'mode',
    says: /one of report, enforce; did you mean enforce\?/,
    value: '"enforced"',
  },
  {
    name: 'a level that does not exist names the levels',
    config: route({ level: 'high' }),
    field: 'routes[0].level',
    says: /open, site, session, proof/,
  },
  { name: 'a configuration that is no object is refused', config: 'x', field: '', says: /object/ },
  { name: 'a list where an object belongs is refused', config: [], field: '', says: /object/ },
  {
    name: 'a route without match says so',
    config: { routes: [{}] },
    field: 'routes[0].match',
    says: /write text/,
    value: 'nothing',
  },
  {
    name: 'a method in small letters gets its spelling',
    config: { routes: [{ match: 'get /x' }] },
    field: 'routes[0].match',
    says: /GET \/x/,
  },
  { name: 'a pattern without slash is refused', config: { protect: ['api/**'] }, field: 'protect[0]', says: /pattern/ },
  {
    name: 'an exception for the whole site is refused',
    config: { open: ['/**'] },
    field: 'open[0]',
    says: /nothing protected/,
  },
  {
    name: 'a single pattern instead of a list is refused',
    config: { protect: '/api/**' },
    field: 'protect',
    says: /list of patterns/,
  },
  {
    name: 'a backend without scheme is refused',
    config: { to: 'localhost:3000' },
    field: 'to',
    says: /http:\/\/localhost:3000/,
  },
  {
    name: 'a backend with a path gets its origin',
    config: { to: 'http://localhost:3000/app' },
    field: 'to',
    says: /write http:\/\/localhost:3000/,
  },
  {
    name: 'a backend with a password is refused',
    config: { to: 'http://u:p@localhost:3000' },
    field: 'to',
    says: /user name or password/,
  },
  { name: 'a backend by ftp is refused', config: { to: 'ftp://localhost' }, field: 'to', says: /URL/ },
  {
    name: 'a public address with a path gets its origin',
    config: { public: 'https://app.example/x' },
    field: 'public',
    says: /https:\/\/app\.example$/,
  },
  {
    name: 'a public address on plain HTTP is refused with the fix',
    config: { public: 'http://app.example' },
    field: 'public',
    says: /https:\/\/ origin/,
  },
  {
    name: 'a public address on plain HTTP beside tls is refused',
    config: { public: 'http://localhost', tls: { cert: 'a', key: 'b' } },
    field: 'public',
    says: /https:\/\/localhost/,
  },
  {
    name: 'a host with a scheme gets the host alone',
    config: { hosts: ['https://app.example/'] },
    field: 'hosts[0]',
    says: /app\.example$/,
  },
  {
    name: 'a host with a wildcard is refused and says why',
    config: { hosts: ['*.app.example'] },
    field: 'hosts[0]',
    says: /rebinding/,
  },
  {
    name: 'a listening port beyond 65535 is refused',
    config: { listen: '127.0.0.1:70000' },
    field: 'listen',
    says: /65535/,
  },
  {
    name: 'a listening address without port is refused',
    config: { listen: 'localhost' },
    field: 'listen',
    says: /host:port/,
  },
  {
    name: 'a backend that is the gate itself is refused',
    config: { to: 'http://localhost:4000' },
    field: 'to',
    says: /itself/,
  },
  {
    name: 'metrics on the gate’s own port are refused',
    config: { listen: '127.0.0.1:4000', metrics: '127.0.0.1:4000' },
    field: 'metrics',
    says: /another port/,
  },
  {
    name: 'P4.2 plain HTTP cannot be enforced',
    config: { insecureHttp: true, mode: 'enforce' },
    field: 'mode',
    says: /report mode only/,
  },
  {
    name: 'P4.2 plain HTTP cannot be enforced for one layer',
    config: { insecureHttp: true, layers: { site: 'enforce' } },
    field: 'layers.site',
    says: /report mode only/,
  },
  {
    name: 'P4.2 plain HTTP cannot be enforced for one route',
    config: { insecureHttp: true, ...route({ mode: 'enforce' }) },
    field: 'routes[0].mode',
    says: /report mode only/,
  },
  {
    name: 'P4.2 plain HTTP does not go with the strict preset',
    config: { insecureHttp: true, preset: 'strict' },
    field: 'mode',
    says: /report mode only/,
  },
  {
    name: 'a carrier below proof beside level proof names both',
    config: route({ level: 'proof', carriers: ['media', 'call'] }),
    field: 'routes[0].level',
    says: /media.*level "session"/,
    value: '"proof"',
  },
  {
    name: 'a client that is not listed is refused',
    config: route({ client: 'admin' }),
    field: 'routes[0].client',
    says: /list it under clients/,
  },
  {
    name: 'the same route twice is refused',
    config: { routes: [{ match: '/a' }, { match: '/a' }] },
    field: 'routes[1].match',
    says: /routes\[0\]/,
  },
  {
    name: 'a cookie cannot be signed',
    config: route({ signed: ['cookie'] }),
    field: 'routes[0].signed[0]',
    says: /scripts cannot set/,
  },
  {
    name: 'Fetch Metadata cannot be signed',
    config: route({ signed: ['sec-fetch-site'] }),
    field: 'routes[0].signed[0]',
    says: /scripts cannot set/,
  },
  {
    name: 'a signed field in capitals is refused',
    config: route({ signed: ['X-Tenant'] }),
    field: 'routes[0].signed[0]',
    says: /lower case/,
  },
  {
    name: 'a field that every proof covers is refused',
    config: route({ signed: ['authorization'] }),
    field: 'routes[0].signed[0]',
    says: /covers this field already/,
  },
  {
    name: 'a content type with parameters is refused',
    config: route({ contentTypes: ['text/plain; charset=utf-8'] }),
    field: 'routes[0].contentTypes[0]',
    says: /type alone/,
  },
  { name: 'a negative body limit is refused', config: { maxBody: -1 }, field: 'maxBody', says: /bytes, 0 or more/ },
  { name: 'half a byte is refused', config: { maxBody: 0.5 }, field: 'maxBody', says: /whole number/ },
  {
    name: 'a hidden mount is refused and says why',
    config: { mount: '/.well-known/x' },
    field: 'mount',
    says: /hidden files/,
  },
  {
    name: 'a mount with a slash at the end is refused',
    config: { mount: '/x/' },
    field: 'mount',
    says: /without a slash/,
  },
  {
    name: 'a cookie without __Host- gets its name',
    config: { cookies: { session: 'sid' } },
    field: 'cookies.session',
    says: /__Host-sid/,
  },
  {
    name: 'two cookies of one name are refused',
    config: { cookies: { session: '__Host-a', stamp: '__Host-a' } },
    field: 'cookies.stamp',
    says: /names of their own/,
  },
  {
    name: 'R26 the origin null is refused and says why',
    config: { clients: { a: { origins: ['null'] } } },
    field: 'clients.a.origins[0]',
    says: /sandboxed/,
  },
  {
    name: 'P11.3 a page for keys that would end the header it stands in is refused',
    config: { keys: { signUp: 'https://app.example/>; rel="x"' } },
    field: 'keys.signUp',
    says: /the page’s URL/,
  },
  {
    name: 'R31 an origin of everybody is refused',
    config: { clients: { a: { origins: ['*'] } } },
    field: 'clients.a.origins[0]',
    says: /every site/,
  },
  {
    name: 'P4.3 a star over a registrable domain is refused',
    config: { clients: { a: { origins: ['https://*.com'] } } },
    field: 'clients.a.origins[0]',
    says: /one \*/,
  },
  {
    name: 'P4.3 two stars are refused',
    config: { clients: { a: { origins: ['https://*.*.app.example'] } } },
    field: 'clients.a.origins[0]',
    says: /one \*/,
  },
  {
    name: 'a client’s name with a space is refused',
    config: { clients: { 'a b': {} } },
    field: 'a name in clients',
    says: /letters, digits/,
  },
  {
    name: 'a certificate without key is refused',
    config: { tls: { cert: 'a' } },
    field: 'tls.key',
    says: /needs its private key/,
    value: 'nothing',
  },
  {
    name: 'an upstream certificate without key is refused',
    config: { to: 'https://b', upstream: { cert: 'a' } },
    field: 'upstream.cert',
    says: /upstream\.key/,
  },
  {
    name: 'a pin for a backend without TLS is refused',
    config: { to: 'http://b', upstream: { pin: `${'A'.repeat(43)}=` } },
    field: 'upstream.pin',
    says: /https:\/\//,
  },
  {
    name: 'a pin that is no SHA-256 is refused',
    config: { upstream: { pin: 'abc' } },
    field: 'upstream.pin',
    says: /base64/,
  },
  {
    name: 'a session that idles longer than it lives is refused',
    config: { session: { idle: 7200, max: 3600 } },
    field: 'session.idle',
    says: /3600/,
  },
  {
    name: 'a `recent` shorter than a renewal is refused',
    config: { session: { recent: 60 } },
    field: 'session.recent',
    says: /600 or more.*renews/,
  },
  {
    name: 'one address may not take more than all',
    config: { mint: { perPrefix: 10, total: 5 } },
    field: 'mint.perPrefix',
    says: /mint\.total, 5/,
  },
  { name: 'nothing protected at all is refused', config: { protect: [] }, field: 'protect', says: /protects nothing/ },
  {
    name: 'a flag that is no boolean is refused',
    config: { insecureHttp: 'yes' },
    field: 'insecureHttp',
    says: /true or false/,
  },
];

for (const row of refused) {
  test(`refused: ${row.name}`, () => {
    const problems = problemsOf(row.config);
    const problem = problems.find(({ field }) => field === row.field);
    assert.ok(problem, `no problem with "${row.field}" in ${JSON.stringify(problems)}`);
    assert.match(problem.rule, row.says);
    if (row.value !== undefined) assert.equal(problem.value, row.value);
  });
}

test('a layer that does not exist names the one that was meant', () => {
  const [problem] = problemsOf({ layers: { sit: 'report' } }, ['site', 'proof']);
  assert.deepEqual(problem, {
    field: 'layers.sit',
    value: '"report"',
    rule: 'there is no such layer; did you mean site?',
  });
});

test('every problem is one line that says where, what and how to fix', () => {
  const wrong = { mode: 'on', listen: 'x', protekt: ['/x'] };
  assert.throws(
    () => parseConfig(wrong, 'sallyport.config.ts'),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError && error instanceof SallyportError);
      assert.equal(error.code, 'config');
      const lines = error.message.split('\n');
      assert.equal(lines.length, 3);
      assert.ok(
        lines.every((line) => /^sallyport\.config\.ts: \w+ is .+; .+$/.test(line)),
        error.message,
      );
      return true;
    },
  );
});

const taken: readonly { name: string; config: unknown }[] = [
  { name: 'an empty configuration', config: {} },
  {
    name: 'fields that are undefined, as an unset environment variable gives them',
    config: { to: undefined, upstream: { ca: undefined } },
  },
  {
    name: 'P4.3 a star inside one label of a preview host',
    config: { clients: { preview: { origins: ['https://*-team.vercel.app'] } } },
  },
  {
    name: 'P4.2 plain HTTP on a private network in report mode',
    config: { insecureHttp: true, public: 'http://192.168.1.20:4000' },
  },
  { name: 'plain HTTP on a loopback name', config: { public: 'http://app.localhost:4000' } },
  { name: 'a port that the system chooses', config: { listen: '127.0.0.1:0', to: 'http://localhost:4000' } },
  { name: 'a backend at the same port of another host', config: { to: 'http://192.168.1.5:4000' } },
  { name: 'carriers below proof without a level', config: route({ carriers: ['media', 'navigation'] }) },
  { name: 'streams and sockets at level proof', config: route({ level: 'proof', carriers: ['stream', 'socket'] }) },
];

for (const row of taken) {
  test(`taken: ${row.name}`, () => assert.deepEqual(problemsOf(row.config), []));
}

test('undefined fields leave the result, null does not pass for absent', () => {
  assert.deepEqual(parseConfig({ to: undefined, mint: { total: undefined } }, 'test'), { mint: {} });
  assert.equal(problemsOf({ to: null })[0]?.value, 'null');
});

test('a guard takes modes for the layers that it has, at the start and at a reload', async () => {
  const guard = await createGuard({ layers: { site: 'report' } });
  try {
    assert.throws(() => guard.reload({ layers: { sit: 'report' } }), ConfigError);
    await assert.rejects(createGuard({ layers: { prof: 'report' } }), /did you mean proof/);
  } finally {
    await guard.close();
  }
});
