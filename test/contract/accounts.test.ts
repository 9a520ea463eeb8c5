import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Directory, openDirectory } from '../../src/identity/accounts/directory.ts';
import { createPasswordHasher } from '../../src/identity/accounts/password.ts';
import type { Records } from '../../src/guard/records.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { codeFor } from '../identity/accounts/totp.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

const SECRET = 'a secret of the tests, 32 long at least';
const PASSWORD = 'correct horse battery';

async function openBoth(url: string): Promise<{ records: Records; directory: Directory }> {
  const records = await createRecords(url, { secret: SECRET });
  const hasher = createPasswordHasher();
  const directory = await openDirectory({ database: records.sql, secret: SECRET, issuer: 'app.example', hasher });
  return { records, directory };
}

/** The accounts' tables, on every database that records lie in. */
function contract(name: string, url: () => string): void {
  describe(`accounts in ${name}`, () => {
    let records: Records;
    let directory: Directory;

    const open = async (): Promise<void> => {
      ({ records, directory } = await openBoth(url()));
    };
    before(open);
    after(() => records?.close());

    test('an account is made, found by name and address, listed, and taken once', async () => {
      const made = await directory.create({
        name: 'anna',
        email: 'anna@example.org',
        password: PASSWORD,
        roles: ['a', 'b'],
      });
      assert.notEqual(made, 'taken');
      const found = await directory.find('anna');
      assert.deepEqual(found, made);
      assert.deepEqual(await directory.find('anna@example.org'), made);
      assert.deepEqual(found?.roles, ['a', 'b']);
      assert.equal(found?.emailVerified, false);
      assert.equal(await directory.find('bert'), null);
      assert.equal(await directory.create({ name: 'anna', email: '', password: PASSWORD, roles: [] }), 'taken');
      const again = { name: 'other', email: 'anna@example.org', password: PASSWORD, roles: [] };
      assert.equal(await directory.create(again), 'taken');
      assert.deepEqual(
        (await directory.list(0, 10)).map((account) => account.name),
        ['anna'],
      );
    });

    test('of two who take a name at once, one gets it', async () => {
      const make = () =>
        directory.create({ name: 'race', email: '', password: PASSWORD, roles: [] }).catch(() => 'taken');
      const made = await Promise.all([make(), make(), make()]);
      assert.equal(made.filter((each) => each !== 'taken').length, 1);
    });

    test('passwords are checked, changed and reset, and outlive a restart', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      assert.equal(await directory.checkPassword(anna, PASSWORD), true);
      assert.equal(await directory.checkPassword(anna, 'another'), false);
      assert.equal(await directory.checkPassword(null, PASSWORD), false);
      assert.equal(await directory.changePassword(anna.id, 'another', 'second password'), false);
      assert.equal(await directory.changePassword(anna.id, PASSWORD, 'second password'), true);
      const token = await directory.createReset(anna.id, 60);
      assert.equal((await directory.reset(token, 'third password'))?.id, anna.id);
      assert.equal(await directory.reset(token, 'fourth password'), null);
      if (records.kind !== 'memory') {
        await records.close();
        await open();
      }
      assert.equal(await directory.checkPassword(anna, 'third password'), true);
    });

    test('an address is verified once, by the link that went to it', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const token = await directory.createVerification(anna);
      assert.equal((await directory.verify(token))?.account.emailVerified, true);
      assert.equal(await directory.verify(token), null);
    });

    test('another address is the account’s once its mail was read, and links to the old one are over', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const reset = await directory.createReset(anna.id, 60);
      const [first, second] = [
        await directory.createEmailChange(anna, 'new@example.org'),
        await directory.createEmailChange(anna, 'newer@example.org'),
      ];
      const found = await directory.verify(first);
      assert.deepEqual([found?.changed, found?.account.email], [true, 'new@example.org']);
      assert.equal(await directory.verify(second), null, 'it was asked for while the address was another one');
      assert.equal(await directory.reset(reset, 'fifth password'), null);
      const bert = await directory.create({ name: 'bertha', email: '', password: PASSWORD, roles: [] });
      assert.ok(bert !== 'taken');
      const taken = await directory.createEmailChange(bert, 'new@example.org');
      assert.equal(await directory.verify(taken), null, 'somebody has it');
      const free = await directory.createEmailChange(bert, 'bertha@example.org');
      assert.equal((await directory.verify(free))?.account.emailVerified, true);
      await directory.remove(bert.id);
    });

    test('a changed password ends the links that would set one', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const token = await directory.createReset(anna.id, 60);
      assert.equal(await directory.changePassword(anna.id, 'wrong password', 'fifth password'), false);
      assert.equal(await directory.changePassword(anna.id, 'third password', 'third password'), true);
      assert.equal(await directory.reset(token, 'sixth password'), null);
      assert.equal(await directory.hasPassword(anna.id), true);
      assert.equal(await directory.hasPassword('nobody'), false);
    });

    test('a second factor is begun, confirmed, used and ended', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const { secondFactor } = directory;
      assert.equal(await secondFactor.begin(anna.id, 'wrong password'), null);
      const begun = await secondFactor.begin(anna.id, 'third password');
      assert.ok(begun !== null);
      assert.equal(await secondFactor.check(anna.id, codeFor(begun.uri, 0)), false);
      assert.equal(await secondFactor.check(anna.id, codeFor(begun.uri)), true);
      assert.equal((await directory.byId(anna.id))?.secondFactor, true);
      const [backup = ''] = begun.backupCodes;
      const uses = await Promise.all([
        secondFactor.useBackup(anna.id, backup),
        secondFactor.useBackup(anna.id, backup),
      ]);
      assert.deepEqual(uses.sort(), [false, true], 'once, also at once');
      assert.equal(await secondFactor.renewBackups(anna.id, 'wrong password'), null);
      const [fresh = ''] = (await secondFactor.renewBackups(anna.id, 'third password')) ?? [];
      assert.equal(await secondFactor.useBackup(anna.id, begun.backupCodes[1] ?? ''), false, 'the old ones are gone');
      assert.equal(await secondFactor.useBackup(anna.id, fresh), true);
      await secondFactor.end(anna.id);
      assert.equal((await directory.byId(anna.id))?.secondFactor, false);
    });

    test('a passkey’s counter only rises, for one of two at once', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const passkey = {
        credential: 'credential',
        userId: anna.id,
        publicKey: 'key',
        counter: 1,
        transports: '[]',
        label: 'laptop',
        created: 1_750_000_000_000,
      };
      await directory.passkeys.add(passkey);
      const found = await directory.passkeys.byCredential('credential');
      assert.equal(found?.created, passkey.created);
      const both = await Promise.all([directory.passkeys.advance(passkey, 2), directory.passkeys.advance(passkey, 2)]);
      assert.deepEqual(both.sort(), [false, true]);
      assert.equal(await directory.passkeys.remove('somebody else', 'credential'), false);
      assert.equal(await directory.passkeys.remove(anna.id, 'credential'), true);
    });

    test('a name is reserved once', async () => {
      const until = Date.now() + 60_000;
      const both = await Promise.all([directory.reserve('once', until), directory.reserve('once', until)]);
      assert.deepEqual(both.sort(), [false, true]);
      await directory.release('once');
      assert.equal(await directory.reserve('once', until), true, 'and again once it was released');
    });

    test('what an account had goes with it', async () => {
      const anna = await directory.find('anna');
      assert.ok(anna !== null);
      const token = await directory.tokens.create(anna.id, Date.now() + 60_000);
      const key = {
        credential: 'kept',
        userId: anna.id,
        publicKey: 'k',
        counter: 0,
        transports: '[]',
        label: '',
        created: 1,
      };
      await directory.passkeys.add(key);
      assert.equal(await directory.tokens.userOf(token, Date.now()), anna.id);
      await directory.remove(anna.id);
      assert.equal(await directory.find('anna'), null);
      assert.equal(await directory.passkeys.byCredential('kept'), null);
      assert.equal(await directory.tokens.userOf(token, Date.now()), null);
    });
  });
}

describe('accounts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-accounts-'));
  let postgres: Postgres;
  let database = '';
  before(async () => {
    postgres = await startPostgres();
    database = postgres.database();
  });
  after(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const shared = {
    SQLite: () => `sqlite:${join(folder, 'fresh.sqlite')}`,
    PostgreSQL: () => postgres.database(),
  };
  for (const [name, fresh] of Object.entries(shared)) {
    test(`four gates that start at once make the tables once, in ${name}`, async (t) => {
      const url = fresh();
      const opened = await Promise.all(Array.from({ length: 4 }, () => openBoth(url)));
      t.after(() => Promise.all(opened.map(({ records }) => records.close())));
      const names = opened.map((_, gate) => `person${gate}`);
      for (const [gate, { directory }] of opened.entries()) {
        await directory.create({ name: `person${gate}`, email: '', password: PASSWORD, roles: [] });
      }
      for (const { directory } of opened) {
        const found = await directory.list(0, 10);
        assert.deepEqual(found.map((account) => account.name).sort(), names);
      }
    });
  }
  contract('memory', () => 'memory');
  contract('SQLite', () => `sqlite:${join(folder, 'accounts.sqlite')}`);
  contract('PostgreSQL', () => database);
});
