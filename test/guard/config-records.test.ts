import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { absoluteUrl, parseRecordsUrl, recordsOf, shownUrl } from '../../src/guard/records-url.ts';

const PASSWORD = 'pa55-of-the-database';

const TAKEN = [
  'memory',
  'sqlite:./sallyport.sqlite',
  'sqlite:/var/lib/sallyport/records.sqlite',
  `postgres://gate:${PASSWORD}@db.example:5432/sallyport?sslmode=verify-full`,
  'postgresql://db.example/sallyport',
];
for (const records of TAKEN) {
  test(`records may be ${shownUrl(records)}`, () => {
    assert.equal(parseConfig({ to: 'http://localhost:3000', records }, 'file').records, records);
  });
}

const REFUSED: readonly { readonly name: string; readonly records: unknown; readonly says: RegExp }[] = [
  { name: 'a path without a scheme', records: './sallyport.sqlite', says: /write memory, sqlite:PATH/ },
  { name: 'another database', records: `mysql://gate:${PASSWORD}@db/x`, says: /mysql:….*write memory, sqlite:PATH/ },
  { name: 'SQLite without a file', records: 'sqlite:', says: /name a file/ },
  { name: 'SQLite’s own word for memory', records: 'sqlite::memory:', says: /write memory/ },
  { name: 'a path spelled as a URL', records: 'sqlite:///data/x', says: /sqlite:\/data\/x/ },
  {
    name: 'PostgreSQL without a database',
    records: `postgres://gate:${PASSWORD}@db.example`,
    says: /name the database/,
  },
  { name: 'a password that is no URL', records: `postgres://gate:${PASSWORD}#[@db/x`, says: /%23|name the database/ },
  { name: 'a number', records: 5, says: /write text/ },
];
for (const { name, records, says } of REFUSED) {
  test(`${name} is refused, with the fix and without the password`, () => {
    assert.throws(
      () => parseConfig({ to: 'http://localhost:3000', records }, 'file'),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^file: records is /);
        assert.match(error.message, says);
        assert.ok(!error.message.includes(PASSWORD), error.message);
        return true;
      },
    );
  });
}

test('what is shown of a place never has the user or the password', () => {
  assert.equal(
    shownUrl(`postgres://gate:${PASSWORD}@db.example:5433/x?password=${PASSWORD}`),
    'postgres://db.example:5433/x',
  );
  for (const odd of [
    `gate:${PASSWORD}@db`,
    `POSTGRES://gate:${PASSWORD}@db/x`,
    `postgres:/gate:${PASSWORD}@/`,
    `//u:${PASSWORD}@h/x`,
  ]) {
    assert.ok(!shownUrl(odd).includes(PASSWORD), shownUrl(odd));
  }
});

test('records are in memory unless accounts are to be kept', () => {
  assert.equal(recordsOf({}), 'memory');
  assert.equal(recordsOf({ login: { accounts: true } }), 'sqlite:./sallyport.sqlite');
  assert.equal(recordsOf({ login: { accounts: true }, records: 'memory' }), 'memory');
});

test('a path is taken from the folder that names it', () => {
  assert.equal(absoluteUrl('sqlite:./a.sqlite', '/srv'), 'sqlite:/srv/a.sqlite');
  assert.equal(absoluteUrl('sqlite:/b.sqlite', '/srv'), 'sqlite:/b.sqlite');
  assert.equal(absoluteUrl('memory', '/srv'), 'memory');
  assert.equal(absoluteUrl('nonsense', '/srv'), 'nonsense');
  assert.deepEqual(parseRecordsUrl('postgres://h:1/d'), { type: 'postgres', host: 'h:1', database: 'd' });
});
