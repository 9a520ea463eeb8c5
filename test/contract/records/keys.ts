import assert from 'node:assert/strict';
import type { Records } from '../../../src/guard/records.ts';
import { DAY, newKey, type Row, START } from './support.ts';

const partner = (records: Records) =>
  records.keys.addAccount({ id: 'partner', name: 'Partner', contact: 'p@example.test' });

export const keys: readonly Row[] = [
  {
    name: 'a key of each kind comes back as it was issued',
    why: 'hash, public half or sealed secret: whatever verifies it lies here alone',
    async run({ records }) {
      await partner(records);
      const bearer = await records.keys.issue(newKey({ quota: null, networks: [], expires: 0 }));
      const signing = await records.keys.issue(
        newKey({ material: { kind: 'ed25519', publicKey: 'cHVibGlj' }, thumbprint: 'ab' }),
      );
      const hmac = await records.keys.issue(newKey({ material: { kind: 'hmac', sealed: new Uint8Array([0, 255]) } }));
      assert.deepEqual(await records.keys.get(bearer.id), bearer);
      assert.deepEqual(await records.keys.get(signing.id), signing);
      const found = await records.keys.get(hmac.id);
      assert.ok(found?.material.kind === 'hmac');
      assert.deepEqual([...found.material.sealed], [0, 255]);
      assert.ok(bearer.material.kind === 'bearer');
      assert.deepEqual(await records.keys.byHash(bearer.material.hash), bearer);
      assert.equal(await records.keys.byHash('no such hash'), null);
      assert.deepEqual((await records.keys.list('partner')).length, 3);
      assert.deepEqual(await records.keys.list('nobody'), []);
    },
  },
  {
    name: 'an id or hash that is taken, and an unknown account, are a caller’s errors',
    why: 'nothing of the kind may look like a database that is down',
    async run({ records }) {
      await partner(records);
      await assert.rejects(partner(records), TypeError);
      const key = await records.keys.issue(newKey());
      await assert.rejects(records.keys.issue(newKey({ id: key.id })), TypeError);
      await assert.rejects(records.keys.issue(newKey({ material: key.material })), TypeError);
      await assert.rejects(records.keys.issue(newKey({ account: 'nobody' })), TypeError);
      assert.equal((await records.keys.list()).length, 1);
    },
  },
  {
    name: 'R69 a revoked key says when, once',
    why: 'who asks why a key fails has to be told',
    async run({ records, clock }) {
      await partner(records);
      const { id } = await records.keys.issue(newKey());
      clock.now = START + 1000;
      assert.equal(await records.keys.revoke(id), true);
      clock.now = START + 2000;
      assert.equal(await records.keys.revoke(id), false);
      assert.equal((await records.keys.get(id))?.revoked, START + 1000);
      assert.equal(await records.keys.revoke('no such key'), false);
    },
  },
  {
    name: 'a rotated key goes on for the overlap, and no longer than its own life',
    why: 'partners roll over without an outage, and rotation never lengthens a life',
    async run({ records }) {
      await partner(records);
      const long = await records.keys.issue(newKey({ expires: 0 }));
      const short = await records.keys.issue(newKey({ expires: START + 1000 }));
      const next = newKey();
      const rotated = await records.keys.rotate(long.id, next, DAY);
      assert.equal(rotated?.before.expires, START + DAY);
      assert.equal(rotated?.before.replacedBy, next.id);
      assert.deepEqual(await records.keys.get(next.id), rotated?.after);
      assert.equal((await records.keys.rotate(short.id, newKey(), DAY))?.before.expires, START + 1000);
      assert.equal(await records.keys.rotate(long.id, newKey(), DAY), null, 'it was replaced already');
      await records.keys.revoke(next.id);
      assert.equal(await records.keys.rotate(next.id, newKey(), DAY), null, 'a revoked key has no successor');
    },
  },
  {
    name: 'a rotation whose new key is refused leaves the old one as it was',
    why: 'nothing half-written',
    async run({ records }) {
      await partner(records);
      const key = await records.keys.issue(newKey());
      await assert.rejects(records.keys.rotate(key.id, newKey({ material: key.material }), DAY), TypeError);
      assert.deepEqual(await records.keys.get(key.id), key);
    },
  },
  {
    name: 'an account is switched off and on',
    why: 'all keys of a partner at once, undoable',
    async run({ records }) {
      await partner(records);
      assert.equal(await records.keys.setDisabled('partner', true), true);
      assert.equal((await records.keys.account('partner'))?.disabled, true);
      await records.keys.setDisabled('partner', false);
      assert.deepEqual(await records.keys.accounts(), [
        { id: 'partner', name: 'Partner', contact: 'p@example.test', created: START, disabled: false },
      ]);
      assert.equal(await records.keys.setDisabled('nobody', true), false);
      assert.equal(await records.keys.account('nobody'), null);
    },
  },
  {
    name: 'P11.4 last use only moves forward, usage adds up by day',
    why: 'several processes write it, in any order',
    async run({ records }) {
      await partner(records);
      const { id } = await records.keys.issue(newKey());
      await records.keys.touch([
        { id, lastUsed: START + 5 },
        { id: 'no such key', lastUsed: 1 },
      ]);
      await records.keys.touch([{ id, lastUsed: START + 3 }]);
      assert.equal((await records.keys.get(id))?.lastUsed, START + 5);
      await records.keys.count([
        { key: id, day: '2026-09-21', requests: 3, refused: 1 },
        { key: id, day: '2026-09-21', requests: 2, refused: 0 },
      ]);
      await Promise.all(
        [1, 2, 3].map(() => records.keys.count([{ key: id, day: '2026-09-22', requests: 1, refused: 1 }])),
      );
      assert.deepEqual(await records.keys.usage('2026-09-21', '2026-09-22'), [
        { key: id, day: '2026-09-21', requests: 5, refused: 1 },
        { key: id, day: '2026-09-22', requests: 3, refused: 3 },
      ]);
      assert.deepEqual(await records.keys.usage('2026-09-22', '2026-09-22'), [
        { key: id, day: '2026-09-22', requests: 3, refused: 3 },
      ]);
    },
  },
];
