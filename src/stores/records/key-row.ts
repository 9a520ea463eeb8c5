import type { KeyMaterial, KeyRow } from '../../guard/records-keys.ts';
import type { KeyTable } from './schema.ts';

export function fromKey(key: KeyRow): KeyTable {
  const { material, quota } = key;
  return {
    id: key.id,
    account: key.account,
    kind: material.kind,
    hash: material.kind === 'bearer' ? material.hash : null,
    public_key: material.kind === 'ed25519' ? material.publicKey : null,
    sealed: material.kind === 'hmac' ? material.sealed : null,
    prefix: key.prefix,
    scopes: JSON.stringify(key.scopes),
    quota_count: quota?.count ?? null,
    quota_per: quota?.per ?? null,
    networks: JSON.stringify(key.networks),
    thumbprint: key.thumbprint,
    created: key.created,
    not_before: key.notBefore,
    expires: key.expires,
    revoked: key.revoked,
    replaced_by: key.replacedBy,
    last_used: key.lastUsed,
    note: key.note,
  };
}

export function toKey(row: KeyTable): KeyRow {
  return {
    id: row.id,
    account: row.account,
    material: toMaterial(row),
    prefix: row.prefix,
    scopes: toTexts(row.scopes),
    quota: row.quota_count === null || row.quota_per === null ? null : { count: row.quota_count, per: row.quota_per },
    networks: toTexts(row.networks),
    thumbprint: row.thumbprint,
    created: row.created,
    notBefore: row.not_before,
    expires: row.expires,
    revoked: row.revoked,
    replacedBy: row.replaced_by,
    lastUsed: row.last_used,
    note: row.note,
  };
}

function toMaterial({ kind, hash, public_key, sealed }: KeyTable): KeyMaterial {
  if (kind === 'bearer' && hash !== null) return { kind, hash };
  if (kind === 'ed25519' && public_key !== null) return { kind, publicKey: public_key };
  if (kind === 'hmac' && sealed !== null) return { kind, sealed };
  throw new Error('a row of sallyport_keys has no material of its kind');
}

function toTexts(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
