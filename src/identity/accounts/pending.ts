import { formatSetCookie, readCookie } from '../../doors/cookies.ts';
import type { KeyRing } from '../../doors/seal.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';

/** Who has shown a password and still has to show a second factor: a sealed cookie, for this session alone. */
export interface Pending {
  /** `Set-Cookie`; null without a session to bind it to. */
  issue(call: EndpointCall, login: PendingLogin): string | null;
  read(call: EndpointCall): (PendingLogin & { readonly id: string; readonly expires: number }) | null;
  readonly clear: string;
}

export interface PendingLogin {
  readonly account: string;
  readonly wantsToken: boolean;
}

const COOKIE = '__Host-sallyport-factor';
const LIFE_SECONDS = 300;
const VERSION = 1;

export function createPending(ring: KeyRing, wall: () => number, random: (length: number) => Buffer): Pending {
  return {
    issue({ session }, { account, wantsToken }) {
      if (session === null) return null;
      const id = random(12).toString('base64url');
      const content = JSON.stringify([VERSION, id, session.id, Math.floor(wall() / 1000), account, wantsToken]);
      return formatSetCookie(COOKIE, ring.seal('factor', Buffer.from(content)), LIFE_SECONDS);
    },
    read({ request, session }) {
      const value = readCookie(request.headers.cookie, COOKIE);
      const content = value === '' ? 'unknown' : ring.open('factor', value);
      if (typeof content === 'string' || session === null) return null;
      // What opens was written above: the seal vouches for its shape.
      const [version, id, owner, made, account, wantsToken]: [number, string, string, number, string, boolean] =
        JSON.parse(content.toString());
      const expires = made + LIFE_SECONDS;
      if (version !== VERSION || owner !== session.id || wall() / 1000 >= expires) return null;
      return { id, account, wantsToken, expires: expires * 1000 };
    },
    clear: formatSetCookie(COOKIE, '', 0),
  };
}
