import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod/mini';
import type { Config } from '../../src/guard/config.ts';
import { type configSchema, parseConfig } from '../../src/guard/config-schema.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Interfaces and the schema's anonymous objects compare equal only once both are spelled out. */
type Flat<T> = T extends readonly (infer Item)[]
  ? Flat<Item>[]
  : T extends object
    ? { [Key in keyof T]: Flat<T[Key]> }
    : T;

const same: Equal<Flat<z.output<typeof configSchema>>, Flat<Config>> = true;

test('the schema and the written Config type are the same type', () => {
  assert.equal(same, true);
});

test('the schema takes every field that the written type has', () => {
  const full: Required<Omit<Config, 'preset' | 'insecureHttp'>> = {
    to: 'http://localhost:3000',
    listen: '127.0.0.1:4000',
    mode: 'enforce',
    whenUnsure: 'refuse',
    state: 'redis://127.0.0.1:6379',
    bans: { after: 3, within: 60, codes: ['order', 'schema'], longest: 600, prefix: 600 },
    behaviour: {
      note: '1 in 100',
      limit: '1 in 1000',
      challenge: '1 in 1000',
      login: '1 in 2000',
      refuse: '1 in 10000',
      throttle: '30/minute',
      sessions: 3000,
      perPrefix: 50,
      model: 'behaviour.json',
    },
    challenge: {
      kind: 'turnstile',
      enter: 'auto',
      remember: 600,
      alternative: 'none',
      cost: 2000,
      turnstile: { siteKey: 'a', secret: 'b', verify: 'https://a.example/v', script: 'https://a.example/s.js' },
      hcaptcha: { siteKey: 'a', secret: 'b' },
      recaptcha: { siteKey: 'a', secret: 'b', everyPage: true },
      'recaptcha-enterprise': { siteKey: 'a', project: 'p', apiKey: 'b', everyPage: false },
    },
    builds: { each: 'release', release: '1', also: ['0123456789abcdef'], plain: ['default'] },
    decoys: ['GET /api/admin/export'],
    sealed: true,
    addresses: {
      allow: ['10.0.0.0/8'],
      deny: ['10.0.9.0/24'],
      lists: [
        { file: 'drop.txt', except: ['192.0.2.1'] },
        { url: 'https://lists.example/drop.txt', every: 3600 },
      ],
      ipv6Prefix: 48,
    },
    public: 'https://app.example',
    hosts: ['app.example:8443', '[::1]:4000'],
    protect: ['/api/**'],
    open: ['/api/webhooks/**'],
    routes: [
      {
        match: 'POST /api/posts/:id',
        level: 'proof',
        carriers: ['call', 'stream', 'socket', 'beacon'],
        body: 'signed',
        encoded: 'opaque',
        sync: ['beacon', 'sync', 'url'],
        client: 'admin',
        mode: 'report',
        rollout: '10%',
        maxBody: 0,
        contentTypes: ['multipart/form-data'],
        schema: { query: { properties: { page: { type: 'integer' } } } },
        signed: ['x-tenant'],
        addresses: { allow: ['10.0.1.0/24'], deny: ['10.0.1.9'] },
        allow: { model: ['small'], 'options.max_tokens': { max: 1000, min: 1, optional: true }, system: false },
        degrade: { at: 0.8, by: () => ({ answer: { busy: true } }) },
        cost: { max: () => 0.05, actual: () => 0.01 },
        budget: ['1 USD/hour', { amount: '5 USD/week', per: 'route', keep: { older: 0.1, subjects: 0.1 } }],
        challenge: 'auto',
        antiForgery: 'require',
        cedar: { action: 'editPost', resource: 'Post::":id"' },
        owner: { ask: 'GET /api/posts/:id', at: '$.author.id', is: 'name', source: 'accounts', fields: ['cookie'] },
      },
    ],
    keys: { leaked: 'revoke', signUp: 'https://app.example/developers' },
    bots: {
      agents: ['https://bot.example'],
      crawlers: [
        'google',
        { name: 'example', agent: 'ExampleBot', hosts: ['crawl.bot.example'], ranges: 'https://bot.example/r' },
      ],
    },
    testPasses: {
      publicKey:
        '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
    },
    clients: { admin: { origins: ['self', 'https://*-team.app.example', 'https://admin.example'], stamp: 'waive' } },
    drift: { network: 'note', browser: 'entry', both: 'login' },
    workers: 2,
    records: 'sqlite:./sallyport.sqlite',
    budget: { amount: '20 USD/day', per: 'total', share: 0.1, keep: 0.2, release: 'even', warnAt: 0.8 },
    openapi: 'openapi.yaml',
    antiForgery: {
      headers: ['x-csrf-token'],
      field: 'csrf',
      life: 60,
      network: 'refuse',
      insert: true,
      cookie: 'XSRF-TOKEN',
    },
    authorization: { cedar: { policies: 'p.cedar', schema: 'p.cedarschema', entities: 'p.json' } },
    login: {
      identify: () => null,
      accounts: {
        signUp: 'open',
        email: 'verified',
        sendVerification: () => {},
        sendReset: async () => {},
        passwordLength: 12,
        passkeys: true,
        secondFactor: true,
        life: 3600,
        checksPerMinute: 300,
        token: 'your-api-token',
      },
      page: '/log-in',
      jwt: {
        name: 'own',
        issuer: 'https://login.example',
        audience: ['https://api.example'],
        jwks: 'https://login.example/jwks.json',
        algorithms: ['ES256', 'EdDSA'],
        header: 'your-api-token',
        typ: 'at+jwt',
        subject: 'sub',
        roles: 'realm_access.roles',
        scopes: 'scp',
        claims: ['email'],
        clockSkew: 60,
        maxAge: 3600,
        bind: 'none',
        encryption: { alg: 'RSA-OAEP-256', enc: 'A256GCM', key: 'decrypt.pem' },
        dpop: 'require',
      },
      providers: {
        example: {
          issuer: 'https://login.example',
          clientId: 'gate',
          clientSecret: 'from the environment',
          clientAuth: 'basic',
          scopes: ['openid', 'email'],
          audience: 'https://api.example',
          parameters: { prompt: 'select_account' },
          roles: 'realm_access.roles',
          scopesFrom: 'scp',
          claims: ['email'],
          userinfo: true,
          relay: 'access',
          acrValues: ['urn:example:second-factor'],
          maxAge: 3600,
          postLogout: '/goodbye',
          pushed: true,
          label: 'Example',
        },
        other: { issuer: 'http://127.0.0.1:9000', clientId: 'gate', clientKey: 'key.pem', clientKeyId: '1' },
        plain: {
          clientId: 'gate',
          clientSecret: 'from the environment',
          oauth: {
            authorization: 'https://login.example/authorize',
            token: 'https://login.example/token',
            userinfo: 'https://api.example/user',
            revocation: 'https://login.example/revoke',
            id: 'uid',
            name: 'login',
            email: 'mail',
            emailVerified: 'mail_ok',
          },
        },
      },
      returnTo: ['https://app.example'],
    },
    limit: [{ rate: '600/minute', burst: 100, per: 'session', wait: 2 }, '100000/hour'],
    concurrent: { session: 8, subject: 8, key: 8, prefix: 800, total: 1000 },
    trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
    paths: 'exact',
    layers: { site: 'report', proof: { mode: 'enforce', rollout: '2.5%' } },
    rollout: '5%',
    guardRail: { share: '20%', networks: 10 },
    alerts: { webhook: 'https://alerts.example/x' },
    mint: { perPrefix: 10, total: 100 },
    session: { idle: 600, max: 1200, recent: 600 },
    frontend: 'dist',
    tls: {
      cert: 'cert.pem',
      key: 'key.pem',
      more: [{ cert: 'other.pem', key: 'other.key' }],
      dir: 'certificates',
      clientCa: 'partners.pem',
    },
    hsts: { maxAge: 63_072_000, includeSubDomains: true, preload: true },
    upstream: { host: 'internal', ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', pin: `${'A'.repeat(43)}=`, timeout: 1000 },
    mount: '/_sallyport',
    cookies: { session: '__Host-a', stamp: '__Host-b' },
    securityHeaders: 'isolated',
    metrics: '127.0.0.1:9090',
    maxBody: 0,
  };
  full.to = 'https://backend:3000';
  assert.deepEqual(parseConfig(full, 'test'), full);
});
