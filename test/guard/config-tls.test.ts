import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const ACME = { domains: ['app.example'], termsOfServiceAgreed: true };

/** `field` of each problem, with its rule. */
function problems(config: object): [string, string][] {
  try {
    parseConfig({ to: 'http://localhost:3000', ...config }, 'test');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ field, rule }) => [field, rule]);
  }
  return [];
}

test('R1 the three ways to a certificate are taken, and self alone is spelled out', () => {
  assert.deepEqual(parseConfig({ tls: 'self' }, 'test').tls, { self: true });
  const again = parseConfig(parseConfig({ tls: 'self' }, 'test'), 'test');
  assert.deepEqual(again.tls, { self: true });
  const good: object[] = [
    { tls: { self: true, dir: '/d', clientCa: 'ca.pem' } },
    { tls: { cert: 'a', key: 'b', more: [{ cert: 'c', key: 'd' }] } },
    { tls: { acme: ACME }, public: 'https://app.example' },
    {
      tls: {
        acme: {
          ...ACME,
          email: 'ops@app.example',
          directory: 'https://localhost:14000/dir',
          directoryCa: 'ca.pem',
          challenge: 'tls-alpn-01',
          http: '0.0.0.0:80',
        },
      },
    },
    { public: 'https://app.example', hsts: false },
    { public: 'https://app.example', hsts: { maxAge: 0 } },
  ];
  for (const config of good) assert.deepEqual(problems(config), [], JSON.stringify(config));
});

test('R1 a certificate that cannot be had is refused with field and rule', () => {
  const bad: [object, string, RegExp][] = [
    [{ tls: {} }, 'tls', /one of cert with key, self, or acme/],
    [{ tls: true }, 'tls', /write an object/],
    [{ tls: { self: true, cert: 'a', key: 'b' } }, 'tls', /one of/],
    [{ tls: { self: true, acme: ACME } }, 'tls', /one of/],
    [{ tls: { key: 'b' } }, 'tls.cert', /needs its certificate/],
    [{ tls: { self: true, acne: 1 } }, 'tls.acne', /did you mean acme/],
    [{ tls: { acme: { ...ACME, domains: [] } } }, 'tls.acme.domains', /at least one/],
    [{ tls: { acme: { ...ACME, domains: ['*.app.example'] } } }, 'tls.acme.domains[0]', /wildcard/],
    [{ tls: { acme: { ...ACME, domains: ['192.0.2.1'] } } }, 'tls.acme.domains[0]', /a name/],
    [{ tls: { acme: { ...ACME, domains: ['localhost'] } } }, 'tls.acme.domains[0]', /a name/],
    [{ tls: { acme: { ...ACME, termsOfServiceAgreed: false } } }, 'tls.acme.termsOfServiceAgreed', /terms of service/],
    [{ tls: { acme: { domains: ['app.example'] } } }, 'tls.acme.termsOfServiceAgreed', /terms of service/],
    [{ tls: { acme: { ...ACME, directory: 'http://ca.example/dir' } } }, 'tls.acme.directory', /https:/],
    [{ tls: { acme: { ...ACME, challenge: 'dns-01' } } }, 'tls.acme.challenge', /http-01/],
    [{ tls: { acme: { ...ACME, email: 'nobody' } } }, 'tls.acme.email', /address/],
    [{ tls: { acme: ACME }, public: 'https://other.example' }, 'tls.acme.domains', /other\.example/],
    [{ tls: { acme: ACME }, public: 'https://localhost' }, 'tls.acme', /loopback/],
  ];
  for (const [config, field, rule] of bad) {
    const found = problems(config).find(([name]) => name === field);
    assert.match(found?.[1] ?? `no problem with ${field}`, rule, JSON.stringify(config));
  }
});

test('R5 HSTS that browsers would not take, or that is for nobody, is refused', () => {
  const bad: [object, string, RegExp][] = [
    [{ hsts: { maxAge: 1 } }, 'hsts', /public HTTPS name/],
    [{ hsts: {}, public: 'http://localhost:4000' }, 'hsts', /public HTTPS name/],
    [{ hsts: { preload: true }, public: 'https://app.example' }, 'hsts.preload', /includeSubDomains/],
    [
      { hsts: { preload: true, includeSubDomains: true, maxAge: 600 }, public: 'https://app.example' },
      'hsts.preload',
      /31536000/,
    ],
    [{ hsts: { maxAge: -1 }, public: 'https://app.example' }, 'hsts.maxAge', /whole number of seconds/],
    [{ hsts: true, public: 'https://app.example' }, 'hsts', /write false, or an object/],
  ];
  for (const [config, field, rule] of bad) {
    const found = problems(config).find(([name]) => name === field);
    assert.match(found?.[1] ?? `no problem with ${field}`, rule, JSON.stringify(config));
  }
});
