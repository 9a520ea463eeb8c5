import type { Random } from '../doors/random.ts';
import { SallyportError } from '../guard/errors.ts';
import type { KeyDesk, KeyOrder } from '../guard/key-desk.ts';
import type { Records } from '../guard/records.ts';
import type { KeyMaterial, NewKey } from '../guard/records-keys.ts';
import { parseNetwork } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import { formatKey, formatKeyId, type KeyKind } from '../wire/key.ts';
import { ed25519Of, hashOfKey, publicHalf, readPublicKey, sealHmacKey, type Sealer } from './material.ts';

export interface DeskParts {
  readonly records: Records;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: Clock;
}

const ACCOUNT = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,62}$/u;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function createKeyDesk({ records, sealer, random, clock }: DeskParts): KeyDesk {
  const { keys } = records;

  /** Id, material and text of a new key. */
  const make = (kind: KeyKind, publicKey: string): { id: string; material: KeyMaterial; secret: string } => {
    const id = formatKeyId(random(8));
    if (publicKey !== '') return { id, material: { kind: 'ed25519', publicKey: ownPublicKey(publicKey) }, secret: '' };
    const bytes = random(32);
    const secret = formatKey(kind, id, bytes);
    if (kind === 'bearer') return { id, secret, material: { kind, hash: hashOfKey(secret) } };
    if (kind === 'hmac') return { id, secret, material: { kind, sealed: sealHmacKey(sealer, id, bytes) } };
    return { id, secret, material: { kind, publicKey: publicHalf(ed25519Of(bytes)) } };
  };

  const openAccount = async (id: string): Promise<void> => {
    const account = await keys.account(id);
    if (account?.disabled === true) throw wrong(`the account ${id} is disabled`);
    if (account !== null) return;
    // Two orders at once may both find none; the second is answered that it is there.
    await keys.addAccount({ id, name: id, contact: '' }).catch(async (error: unknown) => {
      if ((await keys.account(id)) === null) throw error;
    });
  };

  return {
    kind: records.kind,
    async issue(order) {
      const { account, kind, scopes, life, quota, networks, note, notBefore } = order;
      const thumbprint = order.thumbprint === '' ? null : order.thumbprint;
      checkOrder(order);
      const { id, material, secret } = make(kind, order.publicKey);
      await openAccount(account);
      const expires = life === 0 ? 0 : Math.max(clock.wall(), notBefore) + life;
      const base = { id, account, material, prefix: prefixOf(material.kind, id), thumbprint };
      const row = await keys.issue({ ...base, scopes, quota, networks, notBefore, expires, note });
      return { row, secret };
    },
    list: (account) => keys.list(account),
    accounts: () => keys.accounts(),
    async revoke(id) {
      const before = await keys.get(id);
      if (before === null) throw wrong(`there is no key ${id}`);
      if (!(await keys.revoke(id))) throw wrong(`the key ${id} has been revoked before`);
      return (await keys.get(id)) ?? before;
    },
    async rotate(id, overlap, publicKey = '') {
      const before = await keys.get(id);
      if (before === null) throw wrong(`there is no key ${id}`);
      const made = make(before.material.kind, publicKey);
      if (publicKey !== '' && before.material.kind !== 'ed25519') throw wrong(`the key ${id} is no Ed25519 key`);
      const life = before.expires === 0 ? 0 : before.expires - Math.max(before.created, before.notBefore);
      const next: NewKey = {
        ...before,
        id: made.id,
        material: made.material,
        prefix: prefixOf(made.material.kind, made.id),
        notBefore: 0,
        expires: life === 0 ? 0 : clock.wall() + life,
      };
      const done = await keys.rotate(id, next, overlap);
      if (done === null) throw wrong(`the key ${id} is revoked or was replaced before`);
      return { row: done.after, secret: made.secret };
    },
    usage(from, to) {
      if (!DAY.test(from) || !DAY.test(to)) throw wrong('write days as 2026-11-22');
      return keys.usage(from, to);
    },
  };
}

function checkOrder(order: KeyOrder): void {
  const { account, kind, publicKey, scopes, life, quota, networks, thumbprint, note } = order;
  if (!ACCOUNT.test(account)) throw wrong('an account has up to 63 letters, digits, spaces and . _ @ -');
  if (publicKey !== '' && kind !== 'ed25519') throw wrong('a public key belongs to an Ed25519 key');
  if (!scopes.every((scope) => SCOPE.test(scope)))
    throw wrong('a scope is visible ASCII without spaces, quotes and \\');
  if (!networks.every((network) => parseNetwork(network) !== null)) throw wrong('write networks as 192.0.2.0/24');
  if (quota !== null && !(isCount(quota.count) && isCount(quota.per))) throw wrong('write a quota as 1000/day');
  if (!Number.isSafeInteger(life) || life < 0) throw wrong('a key lives a while, or has no end');
  if (thumbprint !== '' && !/^[\w-]{43}$/.test(thumbprint))
    throw wrong('write the SHA-256 of a certificate in base64url, 43 characters');
  if (note.length > 500) throw wrong('a note has at most 500 characters');
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

function ownPublicKey(text: string): string {
  const key = readPublicKey(text);
  if (key === null) throw wrong('write an Ed25519 public key: PEM, JWK, or its 32 bytes in base64');
  return key;
}

/** What people recognise it by. The id is public. */
const prefixOf = (kind: KeyKind, id: string): string =>
  `${{ bearer: 'spk_', ed25519: 'sps_', hmac: 'sph_' }[kind]}${id}`;

const wrong = (message: string): SallyportError => new SallyportError('keys', message);
