import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Kept {
  readonly value: AdapterPayload;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What a provider remembers, for as long as the demo runs. */
export function createStore(): (kind: string) => Adapter {
  const kept = new Map<string, Kept>();
  return (kind) => {
    const find = (fits: (value: AdapterPayload) => boolean): AdapterPayload | undefined => {
      for (const [key, { value, until }] of kept) {
        if (until < Date.now()) kept.delete(key);
        else if (key.startsWith(`${kind}:`) && fits(value)) return value;
      }
      return undefined;
    };
    return {
      async upsert(id, value, seconds = 600) {
        kept.set(`${kind}:${id}`, { value, until: Date.now() + seconds * 1000 });
      },
      find: async (id) => kept.get(`${kind}:${id}`)?.value,
      findByUid: async (uid) => find((value) => value.uid === uid),
      findByUserCode: async (code) => find((value) => value.userCode === code),
      async consume(id) {
        const found = kept.get(`${kind}:${id}`);
        if (found !== undefined) found.value.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        kept.delete(`${kind}:${id}`);
      },
      async revokeByGrantId(grant) {
        for (const [key, { value }] of kept) if (value.grantId === grant) kept.delete(key);
      },
    };
  };
}
