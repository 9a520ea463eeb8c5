import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ProviderConfig } from '../../src/guard/config-login.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { codeInjection } from '../../src/lab/attackers/code-injection.ts';
import { loginCsrf } from '../../src/lab/attackers/login-csrf.ts';
import { mixUp } from '../../src/lab/attackers/mix-up.ts';
import { sessionFixation } from '../../src/lab/attackers/session-fixation.ts';
import type { ProviderLogin } from '../../src/lab/provider-login.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { CLIENT, startProvider, type TestProvider } from '../identity/oidc/provider.ts';
import { startPlainProvider } from '../identity/oidc/plain.ts';
import { Traveller } from '../identity/oidc/visitor.ts';
import { startBackend } from './backend.ts';

const ATTACKERS = [loginCsrf, codeInjection, mixUp, sessionFixation];

for (const kind of ['OpenID Connect', 'plain OAuth 2.0'] as const)
  suite(`the lab at a gate with providers of ${kind}`, () => {
    let backend: Awaited<ReturnType<typeof startBackend>>;
    let gate: Gate;
    const providers: Record<string, TestProvider> = {};

    before(async () => {
      backend = await startBackend();
      const client = { clientId: CLIENT.id, clientSecret: CLIENT.secret };
      async function own(name: string): Promise<ProviderConfig> {
        const options = { gate: () => gate.url, name };
        if (kind === 'OpenID Connect') {
          const started = await startProvider(options);
          providers[name] = started;
          return { issuer: started.issuer, ...client };
        }
        const plain = await startPlainProvider(options);
        providers[name] = plain;
        return { ...plain.endpoints, ...client };
      }
      gate = await startGate({
        to: backend.url,
        listen: '127.0.0.1:0',
        mode: 'enforce',
        login: { providers: { one: await own('one'), two: await own('two') } },
      });
    });
    after(async () => {
      await gate.close({ graceMs: 50 });
      for (const provider of Object.values(providers)) await provider.close();
      await backend.close();
    });

    const people = (second?: string): ProviderLogin => ({
      provider: 'one',
      ...(second === undefined ? {} : { second }),
      walk(address, who) {
        for (const provider of Object.values(providers)) provider.persona = { sub: who };
        return new Traveller().travel(address, gate.url);
      },
    });

    const attack = async (providerLogin?: ProviderLogin) => {
      const options = { seconds: 120, calls: 2, ...(providerLogin === undefined ? {} : { providerLogin }) };
      return (await runAttackers(`${gate.url}/api/posts`, options, ATTACKERS)).rungs;
    };

    test('R52 R53 R16 login CSRF, code injection, mix-up and session fixation are tried and stopped', async () => {
      for (const rung of await attack(people('two'))) {
        assert.equal(rung.verdict, 'stopped', JSON.stringify(rung));
        assert.ok(rung.tried >= 2, `${rung.name}: ${rung.tried}`);
      }
    });

    test('without people at a provider none has run, and the mix-up not without a second provider', async () => {
      for (const rung of await attack()) assert.equal(rung.verdict, 'not run', rung.name);
      const rungs = await attack(people());
      assert.deepEqual(
        rungs.map(({ verdict }) => verdict),
        ['stopped', 'stopped', 'not run', 'stopped'],
      );
    });

    test('where honest logins fail, none is called stopped', async () => {
      const lost: ProviderLogin = { provider: 'one', walk: async () => `${gate.url}/_sallyport/callback/one?state=x` };
      for (const rung of await attack(lost)) assert.equal(rung.verdict, 'not run', JSON.stringify(rung));
    });
  });
