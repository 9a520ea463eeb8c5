import { isLoopback } from '../lib/loopback.ts';
import { compilePattern, parseRoute } from '../wire/pattern.ts';
import { parseRecordsUrl } from './records-url.ts';
import { isIP } from 'node:net';
import { parseNetwork } from '../lib/address.ts';

/**
 * What single values of a configuration must look like. Each function answers '' when the value is fine, else the
 * rule it breaks, as the end of the sentence "routes[0].match is "get /x"; …".
 */
export type Rule = (value: string) => string;

const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)(?::(\d{1,5}))?$/i;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** `host:port`, as in `listen`. */
export const hostAndPort: Rule = (value) => {
  const parts = AUTHORITY.exec(value);
  if (parts?.[1] === undefined) return 'write host:port, as in 127.0.0.1:4000 or [::1]:4000';
  return Number(parts[1]) <= 65535 ? '' : 'the port must be at most 65535';
};

/** `host` or `host:port`, as browsers send it in Host. */
export const authority: Rule = (value) => {
  if (value.includes('//')) return `write the host alone, without scheme: ${withoutScheme(value)}`;
  if (value.includes('*')) return 'list each host: a wildcard would let DNS rebinding in';
  const parts = AUTHORITY.exec(value);
  if (parts === null) return 'write host or host:port, as in app.example or app.example:8443';
  return Number(parts[1] ?? 0) <= 65535 ? '' : 'the port must be at most 65535';
};

function withoutScheme(value: string): string {
  return value.replace(/^[a-z]*:?\/\//i, '').replace(/\/.*$/, '');
}

/** Where records are: `memory`, `sqlite:PATH`, `postgres://…`. */
export const recordsUrl: Rule = (value) => {
  const place = parseRecordsUrl(value);
  return typeof place === 'string' ? place : '';
};

/** Scheme and authority, nothing else: `https://app.example`. */
export const origin: Rule = (value) => {
  const url = parseHttpUrl(value);
  if (url === null) return 'write an origin: scheme and host, as in https://app.example';
  return url.origin === value ? '' : `write the origin alone, as browsers send it: ${url.origin}`;
};

/** Origins of a client: `self`, an origin, or one with a single `*` inside one host label. */
export const clientOrigin: Rule = (value) => {
  if (value === 'self') return '';
  if (value === 'null') return 'the origin "null" cannot be listed: every sandboxed frame of any site sends it';
  if (value === '*') return 'list each origin: "*" would let every site in';
  if (!value.includes('*')) return origin(value);
  const star = /^(https?):\/\/([^/]+)$/.exec(value);
  const host = star?.[2] ?? '';
  const labels = host.replace(/:\d+$/, '').split('.');
  const starred = labels.findIndex((label) => label.includes('*'));
  if (star === null || value.split('*').length !== 2 || labels.length - starred < 3) {
    return 'a pattern has one *, inside one label of the host and left of the last two: https://*-team.example.app';
  }
  return origin(value.replace('*', 'x'));
};

/** The backend: http or https, host, port; the gate forwards paths as they come. */
export const backend: Rule = (value) => {
  const url = parseHttpUrl(value);
  if (url === null) return 'write the backend’s URL, as in http://localhost:3000';
  if (url.username !== '' || url.password !== '') return 'a URL with user name or password is not taken';
  if (url.pathname !== '/' || /[?#]/.test(value)) return `paths are forwarded as they come; write ${url.origin}`;
  return '';
};

/** A page for people, named in a header. */
export const page: Rule = (value) => {
  const plain = /^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x7e]{1,500}$/.test(value) && URL.canParse(value);
  return plain ? '' : 'write the page’s URL, as in https://app.example/developers';
};

function parseHttpUrl(value: string): URL | null {
  return /^https?:\/\/[^\s/]/i.test(value) ? URL.parse(value) : null;
}

/** A network: `10.0.0.0/8`, `fd00::/8`. */
export const network: Rule = (value) => {
  if (/^\d+$/.test(value)) return HOPS;
  const slash = value.indexOf('/');
  const address = slash < 0 ? value : value.slice(0, slash);
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0) return 'write CIDR blocks, as in 10.0.0.0/8 or fd00::/8; host names are not taken';
  if (slash < 0) return `write a CIDR block; for this one address: ${value}/${most}`;
  const bits = value.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return `the prefix length must lie between 0 and ${most}`;
  if (bits === '0') return 'this would believe everyone’s forwarding headers; list your proxies’ networks';
  // Whoever reads the block must take it: one that is passed over in silence would trust nobody.
  return parseNetwork(value) === null
    ? `the address must be the block’s first, without a zone: no bits set beyond the first ${Number(bits)}`
    : '';
};

/** A network of callers: an address alone is one, too. */
export const block: Rule = (value) => {
  const parsed = parseNetwork(value);
  if (parsed?.bits === 0) return 'this is everybody; name the networks that are meant';
  if (parsed !== null) return '';
  const whole = network(value.includes('/') ? value : `${value}/${value.includes(':') ? 128 : 32}`);
  return whole === '' || whole === HOPS ? 'write a network, as in 192.0.2.0/24 or 2001:db8::/32' : whole;
};

/** Where a published list is. */
export const listUrl: Rule = (value) => {
  const url = parseHttpUrl(value);
  if (url === null) return 'write the list’s address, as in https://lists.example/drop.txt';
  if (url.username !== '' || url.password !== '')
    return 'an address with a password in it ends up in logs; leave it out';
  return url.protocol === 'https:' || isLoopback(url.hostname)
    ? ''
    : 'write https://: whoever sits on the way could otherwise say who gets in';
};

/** Why a number of hops is refused: whoever reaches the gate past the proxies could name any address (R7). */
export const HOPS =
  'list the proxies’ networks as CIDR blocks, as in ["10.0.0.0/8"]; a number of hops is not taken, because whoever reaches the gate past a proxy could then name any address';

/** The gate's own prefix. */
export const mount: Rule = (value) =>
  /^(?:\/[A-Za-z0-9_~-]+)+$/.test(value)
    ? ''
    : 'write a path of letters, digits, - and _ without a slash at the end, as in /_sallyport; many servers refuse hidden files, so no dot';

/** Cookies of the doors carry `__Host-`, which binds them to one host and to TLS (RFC 6265bis §4.1.3.2). */
export const cookieName: Rule = (value) => {
  if (!TOKEN.test(value)) return 'a cookie’s name has no spaces, quotes, commas, semicolons or =';
  return value.startsWith('__Host-')
    ? ''
    : `the name must begin with __Host-, which binds the cookie to one host: __Host-${value}`;
};

/** A layer's name: known names are checked by who knows the layers. */
export const layerName: Rule = (value) =>
  /^[a-z][a-z0-9-]*$/.test(value) ? '' : 'layers are named in lower case, as in site or proof';

/** A client's name: ends up in tickets and in logs. */
export const clientName: Rule = (value) =>
  /^[a-z0-9][a-z0-9_-]{0,31}$/i.test(value) ? '' : 'a client’s name has up to 32 letters, digits, - and _';

/** Media type without parameters. */
export const mediaType: Rule = (value) =>
  /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(value)
    ? ''
    : 'write the type alone, in lower case, as in text/plain or multipart/form-data';

const UNSIGNABLE = new Set(['cookie', 'origin', 'host']);
const ALREADY_SIGNED = new Set(['content-type', 'content-digest', 'sallyport-digest', 'authorization']);

/** A further field that proofs cover (docs/protocol.md §3.2). */
export const signedField: Rule = (value) => {
  if (!TOKEN.test(value) || value !== value.toLowerCase()) return 'write a header field’s name in lower case';
  if (UNSIGNABLE.has(value) || value.startsWith('sec-'))
    return 'scripts cannot set Cookie, Origin, Host and Sec-*, so no proof can cover them';
  if (value === 'signature' || value === 'signature-input') return 'a signature cannot cover itself';
  return ALREADY_SIGNED.has(value) ? 'every proof covers this field already; leave it out' : '';
};

/** SHA-256 of a public key. */
export const pin: Rule = (value) =>
  /^[A-Za-z0-9+/]{43}=$/.test(value)
    ? ''
    : 'write the SHA-256 of the backend’s public key (SPKI) in base64: 44 characters';

/** Origin of a bot, whose keys are read from there. */
export const agent: Rule = (value) => {
  const url = URL.parse(value);
  if (url === null || url.origin !== value) return 'write the origin of a bot, as in https://bot.example';
  const plain = url.protocol === 'http:' && !isLoopback(url.hostname);
  return plain ? 'write https://: over plain HTTP anybody on the way could give it other keys' : '';
};

/** What records call a crawler. */
export const crawlerName: Rule = (value) =>
  /^[a-z][a-z0-9-]{0,31}$/.test(value) ? '' : 'write a short name of small letters, digits and -, as in example';

/** What a crawler's User-Agent holds: long enough to be no part of a browser's. */
export const agentToken: Rule = (value) =>
  /^[\w.-]{4,64}$/.test(value) && !/^(?:mozilla|chrome|safari|firefox|applewebkit|gecko|windows|linux)/i.test(value)
    ? ''
    : 'write the crawler’s own name as its User-Agent has it, as in ExampleBot';

/** Name of a host, or what such names end in: somebody's own, so it has two labels at least. */
export const hostSuffix: Rule = (value) =>
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i.test(value)
    ? ''
    : 'write the name of a host, without a dot in front, as in crawl.bot.example';

/** Public half of a key for test passes. */
export const testKey: Rule = (value) =>
  /^\s*-----BEGIN PUBLIC KEY-----\s+MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=\s+-----END PUBLIC KEY-----\s*$/.test(value)
    ? ''
    : 'write an Ed25519 public key in PEM, as `sallyport keys test-pass --new-key` prints it';

export const nonEmpty: Rule = (value) => (value.trim() === '' ? 'write a path' : '');

/** `GET /api/posts/:id`, `/api/**`. */
export const route: Rule = (value) => {
  const method = /^(\S+)\s+\//.exec(value)?.[1] ?? '';
  if (method !== method.toUpperCase())
    return `methods are written in capitals: ${value.replace(method, method.toUpperCase())}`;
  try {
    compilePattern(parseRoute(value).pattern);
    return '';
  } catch (error) {
    return `write a method and a pattern, as in GET /api/posts/:id, or a pattern alone (${error instanceof Error ? error.message : 'not a pattern'})`;
  }
};

/** An exception: everything but the whole site. */
export const openRoute: Rule = (value) =>
  /^(?:\S+\s+)?\/\*\*$/.test(value) ? 'this would leave nothing protected; name the exceptions' : route(value);
