import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Records } from '../../../src/guard/records.ts';
import type { Row } from './support.ts';

const OF = 'POST /api/posts';

const own = (records: Records, object: string, owner: string, keepsFirst = true): Promise<void> =>
  records.objects.own({ kind: OF, object, owner, keepsFirst });

export const objects: readonly Row[] = [
  {
    name: 'an object is its owner’s, and no other kind’s or spelling’s',
    why: 'R64 what is not known is nobody’s',
    async run({ records }) {
      await own(records, '7', 'accounts:ada');
      assert.equal(await records.objects.ownerOf(OF, '7'), 'accounts:ada');
      for (const object of ['07', '7 ', '', '8']) assert.equal(await records.objects.ownerOf(OF, object), null, object);
      assert.equal(await records.objects.ownerOf('POST /api/notes', '7'), null);
      await own(records, 'Ab', 'accounts:ada');
      assert.equal(await records.objects.ownerOf(OF, 'aB'), null, 'letters are compared as they are');
    },
  },
  {
    name: 'an owner who is known stays where the first is kept, and goes where not',
    why: 'R64 nobody takes over what is another’s by making a backend name it again',
    async run({ records }) {
      await own(records, '7', 'accounts:ada');
      await own(records, '7', 'accounts:ben');
      assert.equal(await records.objects.ownerOf(OF, '7'), 'accounts:ada');
      await own(records, '7', 'accounts:ben', false);
      assert.equal(await records.objects.ownerOf(OF, '7'), 'accounts:ben');
    },
  },
  {
    name: 'what is disowned is nobody’s, and the next one’s',
    why: 'R64 backends give the ids of deleted objects again',
    async run({ records }) {
      await own(records, '7', 'accounts:ada');
      await own(records, '8', 'accounts:ada');
      await records.objects.disown(OF, '7');
      await records.objects.disown(OF, '7');
      assert.equal(await records.objects.ownerOf(OF, '7'), null);
      assert.equal(await records.objects.ownerOf(OF, '8'), 'accounts:ada');
      await own(records, '7', 'accounts:ben');
      assert.equal(await records.objects.ownerOf(OF, '7'), 'accounts:ben');
    },
  },
  {
    name: 'of one owner the latest 10,000 are kept, and nobody loses any by what others make',
    why: 'R64 an object without an owner is nobody’s: a flood costs whoever makes it',
    async run({ records, clock }) {
      await own(records, 'first', 'accounts:ada');
      await own(records, 'ben’s', 'accounts:ben');
      await sql`insert into sallyport_objects
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 9999)
        select ${OF}, 'made ' || i, 'accounts:ada', cast(${clock.now} as bigint) + i from n`.execute(records.sql.db);
      assert.equal(await records.objects.ownerOf(OF, 'first'), 'accounts:ada', 'as many as may be');
      clock.now += 20_000;
      await own(records, 'last', 'accounts:ada');
      assert.equal(await records.objects.ownerOf(OF, 'first'), null);
      for (const object of ['made 1', 'made 9999', 'last'])
        assert.equal(await records.objects.ownerOf(OF, object), 'accounts:ada', object);
      assert.equal(await records.objects.ownerOf(OF, 'ben’s'), 'accounts:ben');
    },
  },
  {
    name: 'of many at once one is first, for all',
    why: 'R64 who comes first is not who asks last',
    async run({ records }) {
      const names = Array.from({ length: 20 }, (_, at) => `accounts:${at}`);
      await Promise.all(names.map((name) => own(records, '7', name)));
      const first = await records.objects.ownerOf(OF, '7');
      assert.ok(first !== null && names.includes(first));
      await Promise.all(names.map((name) => own(records, '7', name)));
      assert.equal(await records.objects.ownerOf(OF, '7'), first);
    },
  },
  {
    name: 'another process sees it at once, and it is still there after a restart',
    why: 'R64 an owner is one on every instance',
    shared: true,
    async run({ records, again }) {
      const other = await again();
      await Promise.all([own(records, '7', 'accounts:ada'), own(other, '7', 'accounts:ben')]);
      const first = await records.objects.ownerOf(OF, '7');
      assert.equal(await other.objects.ownerOf(OF, '7'), first);
      await other.objects.disown(OF, '7');
      assert.equal(await records.objects.ownerOf(OF, '7'), null);
      await own(records, '9', 'jwt:ada');
      assert.equal(await (await again()).objects.ownerOf(OF, '9'), 'jwt:ada');
    },
  },
  {
    name: 'ids and names are kept as they are, whatever they hold',
    why: 'ids come from backends, names from providers',
    async run({ records }) {
      for (const object of ["7'; drop table sallyport_objects; --", 'ключ', '🗝', '%', '_', '\\', 'x'.repeat(255)]) {
        await own(records, object, `oidc:${object}`.slice(0, 255));
        assert.equal(await records.objects.ownerOf(OF, object), `oidc:${object}`.slice(0, 255));
      }
    },
  },
];
