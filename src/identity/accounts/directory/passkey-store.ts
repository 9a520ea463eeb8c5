import { type Library, PASSKEY } from './library.ts';

export interface Passkey {
  /** base64url. */
  readonly credential: string;
  readonly userId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  /** JSON list, as the browser gave it. */
  readonly transports: string;
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface PasskeyStore {
  add(passkey: Passkey): Promise<void>;
  byCredential(credential: string): Promise<Passkey | null>;
  ofUser(userId: string): Promise<readonly Passkey[]>;
  /** False where another process saw a counter as high: a copy of the authenticator, or a replay. */
  advance(passkey: Passkey, counter: number): Promise<boolean>;
  remove(userId: string, credential: string): Promise<boolean>;
}

export function createPasskeyStore({ adapter }: Library): PasskeyStore {
  return {
    add: async (passkey) => void (await adapter.create({ model: PASSKEY, data: { ...passkey } })),
    byCredential: (value) => adapter.findOne<Passkey>({ model: PASSKEY, where: [{ field: 'credential', value }] }),
    ofUser: (value) => adapter.findMany<Passkey>({ model: PASSKEY, where: [{ field: 'userId', value }], limit: 64 }),
    async advance({ credential, counter }, next) {
      // Authenticators that count nothing say 0 for ever (WebAuthn §6.1.1).
      if (next === 0 && counter === 0) return true;
      const where = [
        { field: 'credential', value: credential },
        { field: 'counter', operator: 'lt' as const, value: next },
      ];
      return (await adapter.updateMany({ model: PASSKEY, where, update: { counter: next } })) === 1;
    },
    async remove(userId, credential) {
      const where = [
        { field: 'credential', value: credential },
        { field: 'userId', value: userId },
      ];
      return (await adapter.deleteMany({ model: PASSKEY, where })) === 1;
    },
  };
}
