import { takesKeys } from '../guard/keys.ts';
import type { Records } from '../guard/records.ts';
import type { Identity, IdentityParts } from '../identity/index.ts';
import type { Keys } from '../keys/open.ts';

/** What a configuration needs records for, and the records: null where it needs none. */
export interface Kept {
  readonly records: Records | null;
  /** Who can be somebody here; null where nobody can log in. */
  readonly identity: Identity | null;
  /** API keys; null where no route takes any. */
  readonly keys: Keys | null;
}

/**
 * Loads what it opens only where the configuration asks for it: most gates start without.
 *
 * @param given whoever gave these closes them
 */
export async function openKept(
  parts: Omit<IdentityParts, 'records'>,
  given: Records | undefined,
  opened: AsyncDisposableStack,
): Promise<Kept> {
  const { config, clock } = parts;
  if (config.login === undefined && !takesKeys(config)) return { records: null, identity: null, keys: null };
  const { createRecords } = await import('../stores/records/open.ts');
  const secret = Buffer.from(parts.secret).toString('base64url');
  const records = given ?? (await createRecords('memory', { secret, clock }));
  if (given === undefined) opened.defer(() => records.close());
  const identity = await identityFor({ ...parts, records });
  opened.defer(() => identity?.close());
  const keys = takesKeys(config) ? await keysFor({ ...parts, records }) : null;
  opened.defer(() => keys?.close());
  return { records, identity, keys };
}

async function identityFor(parts: IdentityParts): Promise<Identity | null> {
  if (parts.config.login === undefined) return null;
  const { createIdentity } = await import('../identity/index.ts');
  return createIdentity(parts);
}

async function keysFor({ secret, random, ...parts }: IdentityParts): Promise<Keys> {
  const { openKeys } = await import('../keys/open.ts');
  const { createVault } = await import('../identity/vault.ts');
  return openKeys({ ...parts, random, sealer: createVault(secret, random) });
}
