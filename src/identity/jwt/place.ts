import { readCookie } from '../../doors/cookies.ts';
import type { JwtConfig } from '../../guard/config-jwt.ts';
import type { RequestView } from '../../guard/view.ts';

/** Where tokens come: one header, or one cookie. */
export interface Place {
  /** `authorization`, another header's name, or `cookie <name>`. */
  readonly name: string;
  /** The whole value; '' where there is none, null where it came twice. */
  read(request: RequestView): string | null;
  /** The token in that value, and by which scheme it came (`Bearer`, `DPoP`, '' for none). Null for what is no token. */
  parse(value: string): { readonly token: string; readonly scheme: string } | null;
}

export const placeName = ({ header, cookie }: JwtConfig): string =>
  cookie === undefined ? (header ?? 'authorization').toLowerCase() : `cookie ${cookie}`;

export function createPlace(config: JwtConfig): Place {
  const name = placeName(config);
  if (config.cookie !== undefined) return createCookiePlace(name, config.cookie);
  return name === 'authorization' ? AUTHORIZATION : createHeaderPlace(name);
}

const SCHEME = /^(bearer|dpop) +(\S+)$/i;

/** Other schemes than these (Basic, Negotiate) are the backend's business. */
const AUTHORIZATION: Place = {
  name: 'authorization',
  read: ({ headers, repeated }) =>
    repeated.length > 0 && repeated.includes('authorization') ? null : headers.authorization,
  parse(value) {
    const [, scheme = '', token = ''] = SCHEME.exec(value) ?? [];
    return token === '' ? null : { token, scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer' };
  },
};

function createHeaderPlace(name: string): Place {
  return {
    name,
    read({ fields }) {
      let found = '';
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const spelling = fields[i] ?? '';
        if (spelling.length !== name.length || spelling.toLowerCase() !== name) continue;
        if (found !== '') return null;
        found = fields[i + 1] ?? '';
      }
      return found;
    },
    // Many apps write the scheme in their own header as well.
    parse: (value) => ({ token: value.replace(/^bearer +/i, ''), scheme: '' }),
  };
}

function createCookiePlace(name: string, cookie: string): Place {
  return {
    name,
    // Whoever reads it behind us joins the lines: a token in the second would be another one than was verified.
    read: ({ headers, repeated, fields }) =>
      headers.cookie === '' ? '' : readCookie(repeated.includes('cookie') ? joined(fields) : headers.cookie, cookie),
    parse: (token) => ({ token, scheme: '' }),
  };
}

function joined(fields: readonly string[]): string {
  const lines: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'cookie') lines.push(fields[i + 1] ?? '');
  }
  return lines.join('; ');
}
