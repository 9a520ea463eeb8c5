import { formatSetCookie, readCookie } from '../../doors/cookies.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Vault } from '../vault.ts';

/**
 * Which accounts a browser has logged in to before: a sealed cookie that lets nobody in. Its failures are counted apart
 * from strangers', so that these cannot lock its owner out.
 */
export interface Devices {
  /** Id of this browser, whichever account knows it; '' for a stranger's. */
  browser(call: EndpointCall): string;
  /** Id of this browser among those that the account knows; '' where it is not one of them. */
  idFor(call: EndpointCall, account: string): string;
  /** `Set-Cookie` for a browser that has just logged in. */
  remember(call: EndpointCall, account: string): string;
}

export const DEVICE_COOKIE = '__Host-sallyport-device';

const LIFE_SECONDS = 90 * 24 * 3600;
/** Accounts that one browser is known to. */
const MOST = 5;
const ID_BYTES = 12;
const MARK_BYTES = 16;
const ENTRY_BYTES = MARK_BYTES + 4;
const MAX_LENGTH = 1024;

interface Device {
  readonly id: Buffer;
  /** Marks of accounts and when each last logged in, in seconds; latest first. */
  readonly accounts: readonly { readonly mark: string; readonly seen: number }[];
}

export function createDevices(vault: Vault, wall: () => number, random: (length: number) => Buffer): Devices {
  const markOf = (account: string): string =>
    Buffer.from(vault.hashOf(`device ${account}`), 'base64url').toString('base64url', 0, MARK_BYTES);
  const now = (): number => Math.floor(wall() / 1000);

  function read(call: EndpointCall): Device | null {
    const value = readCookie(call.request.headers.cookie, DEVICE_COOKIE);
    if (value === '' || value.length > MAX_LENGTH) return null;
    const content = vault.open('device', 'cookie', Buffer.from(value, 'base64url'));
    if (content === null || (content.length - ID_BYTES) % ENTRY_BYTES !== 0) return null;
    const accounts: { mark: string; seen: number }[] = [];
    for (let at = ID_BYTES; at < content.length; at += ENTRY_BYTES) {
      const seen = content.readUInt32BE(at + MARK_BYTES);
      const mark = content.toString('base64url', at, at + MARK_BYTES);
      if (now() - seen < LIFE_SECONDS) accounts.push({ mark, seen });
    }
    return { id: Buffer.from(content.subarray(0, ID_BYTES)), accounts };
  }

  return {
    browser: (call) => read(call)?.id.toString('base64url') ?? '',
    idFor(call, account) {
      const device = read(call);
      if (device === null) return '';
      const mark = markOf(account);
      return device.accounts.some((known) => known.mark === mark) ? device.id.toString('base64url') : '';
    },
    remember(call, account) {
      const device = read(call);
      const mark = markOf(account);
      const others = device?.accounts.filter((known) => known.mark !== mark) ?? [];
      const parts = [{ mark, seen: now() }, ...others].slice(0, MOST).map((known) => {
        const entry = Buffer.alloc(ENTRY_BYTES);
        entry.write(known.mark, 0, MARK_BYTES, 'base64url');
        entry.writeUInt32BE(known.seen, MARK_BYTES);
        return entry;
      });
      const content = Buffer.concat([device?.id ?? random(ID_BYTES), ...parts]);
      return formatSetCookie(
        DEVICE_COOKIE,
        vault.seal('device', 'cookie', content).toString('base64url'),
        LIFE_SECONDS,
      );
    },
  };
}
