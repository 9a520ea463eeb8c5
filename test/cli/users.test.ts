import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backend, desk } from './support.ts';

/** Nobody asks it anything here. */
const PROVIDER = { issuer: 'https://id.example', clientId: 'gate', clientSecret: 'of the tests, at some length' };

test('the people of a gate are run from the command line, and every step is audited', async (t) => {
  const { url } = await backend(t);
  const { gate, run, write } = desk(t, { SALLYPORT_SECRET: 'a secret of the tests, 32 characters long' });
  const config = { records: 'sqlite:./kept.sqlite', login: { accounts: true, providers: { company: PROVIDER } } };
  write('sallyport.config.json', JSON.stringify(config));
  const running = await gate('--to', url, '--listen', '0');
  const say = async (command: string, code = 0): Promise<string> => {
    const said = await run('users', ...command.split(' ').filter((word) => word !== ''));
    assert.equal(said.code, code, `users ${command}: ${said.err}`);
    return `${said.out}${said.err}`;
  };

  assert.match(await say(''), /Nobody has an account yet/);
  const added = await say('add anna --email anna@example.org --role editor --role author');
  const link = /^ {2}(http\S+\/_sallyport\/login#reset=\S+)$/m.exec(added)?.[1] ?? '';
  assert.ok(link.startsWith(running.report.url), added);
  assert.match(await say('add Anna', 1), /there is an account anna already/);
  assert.match(await say('add ab', 1), /a name has 3 to 30/);
  assert.match(await say('add bert --email nonsense', 1), /is no e-mail address/);
  const listed = await say('');
  assert.match(listed, /anna +anna@example\.org +editor author +password alone/);

  assert.match(
    await say('roles anna editor chief'),
    /anna has editor chief, before editor author; in force now, in 0 logins/,
  );
  assert.match(await say(''), /anna +anna@example\.org +editor chief +password/);
  assert.match(await say('roles anna', 2), /say which roles/);
  assert.match(await say('roles anna editor --none', 2), /say which roles/);
  assert.match(await say(`roles anna ${'x'.repeat(65)}`, 1), /a role is one word of ASCII/);
  assert.match(await say('roles company:4711 editor', 1), /are what company says/);
  assert.match(await say('roles anna --none'), /anna has no role, before editor chief/);

  assert.match(
    await say('block anna --reason stolen'),
    /anna is blocked until `sallyport users unblock anna`; 0 logins ended/,
  );
  assert.match(await say(''), /blocked stolen, by admin/);
  assert.match(await say('unblock anna'), /anna can log in again/);
  assert.doesNotMatch(await say(''), /blocked/);
  assert.match(await say('block company:4711 --for 1h'), /company:4711 is blocked until .* UTC/);
  assert.match(await say(''), /Blocked people of providers\s+company:4711 +by admin +until/);
  assert.match(await say('unblock company:4711'), /company:4711 can log in again/);
  assert.doesNotMatch(await say(''), /4711/);
  assert.match(await say('block jwt:4711', 1), /nobody comes here by jwt/);
  assert.match(await say('reset-second-factor anna', 1), /there is no second factor to take away/);
  assert.match(await say('end-sessions anna'), /anna is logged out everywhere/);
  assert.match(await say('reset-password anna'), /#reset=/);
  assert.match(await say('remove anna'), /anna is removed/);
  for (const word of ['block', 'unblock', 'remove', 'reset-password', 'reset-second-factor', 'end-sessions']) {
    assert.match(await say(`${word} anna`, 1), /there is no account "anna"/);
  }

  const { out } = await run('audit', '--json');
  const rows: { action: string; target: string; outcome: string }[] = JSON.parse(out).rows;
  const seen = rows.map(({ action, target, outcome }) => `${action} ${target} ${outcome}`);
  for (const row of [
    'user.add anna done',
    'user.roles anna done',
    'user.block anna done',
    'user.unblock anna done',
    'user.remove anna done',
  ]) {
    assert.ok(seen.includes(row), `${row} in ${seen.join(', ')}`);
  }
  assert.ok(seen.includes('user.add Anna refused'));
  assert.ok(!out.includes(link.split('=')[1] ?? 'x'), 'no link in the audit');
});

test('a gate where nobody can log in says so', async (t) => {
  const { url } = await backend(t);
  const { gate, run } = desk(t);
  await gate('--to', url, '--listen', '0');
  const { code, err } = await run('users');
  assert.equal(code, 1);
  assert.match(err, /nobody can log in at this gate/);
});
