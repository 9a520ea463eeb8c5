/** An IP address: 4 bytes or 16. IPv4 inside IPv6 has been unwrapped. */
export type Address = Uint8Array;

/** A CIDR block. */
export interface Network {
  readonly bytes: Address;
  readonly bits: number;
}

/**
 * Reads an address as sockets and forwarding headers print it: dotted IPv4, IPv6 (RFC 4291 §2.2), a zone (`%eth0`)
 * dropped. IPv4-mapped (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`, RFC 6052) addresses become the IPv4 address
 * they carry. Null for anything else: no ports, brackets, octal or short forms.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > 64) return null;
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text.replace(/%[\w.-]+$/, ''));
  return bytes && unwrap(bytes);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * What budgets count by: an IPv4 address as it is, IPv6 as its /56 (`2001:db8:0:100::/56`); '' for no address.
 *
 * @param ipv6Bits bits of an IPv6 address that one subscriber is taken to own
 */
export function prefixOf(address: string, ipv6Bits = 56): string {
  // Asked on every request: a plain IPv4 address is its own prefix, and one expression says that it is one.
  if (IPV4.test(address)) return address;
  const bytes = parseAddress(address);
  if (bytes === null) return '';
  if (bytes.length === 4) return bytes.join('.');
  return `${formatIpv6(masked(bytes, ipv6Bits))}/${ipv6Bits}`;
}

/**
 * The wider network that a prefix of {@link prefixOf} lies in, as something to compare: an IPv4 /24 or an IPv6 /48, within
 * which providers move people about. Whatever is no prefix is its own.
 */
export function networkOf(prefix: string): string {
  if (IPV4.test(prefix)) return prefix.slice(0, prefix.lastIndexOf('.'));
  const bytes = parseNetwork(prefix)?.bytes;
  return bytes?.length === 16 ? bytes.subarray(0, 6).join('.') : prefix;
}

/** The one spelling of an address: dotted IPv4, or IPv6 as RFC 5952 §4 asks. */
export function formatAddress(address: Address): string {
  return address.length === 4 ? address.join('.') : formatIpv6(address);
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address. Null when it is none, or when bits beyond the prefix
 * are set: such a block is a slip of the pen, and guessing would widen or narrow trust.
 */
export function parseNetwork(text: string): Network | null {
  const [host = '', length, ...rest] = text.split('/');
  const plain = host.includes(':') ? parseIpv6(host) : parseIpv4(host);
  if (plain === null || rest.length > 0) return null;
  if (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  const width = plain.length * 8;
  const bits = length === undefined ? width : Number(length);
  if (bits > width || !same(masked(plain, bits), plain)) return null;
  const bytes = unwrap(plain);
  // A block inside the mapped range is the IPv4 block it carries; a wider one stays IPv6 and matches IPv6 only.
  if (bytes.length === plain.length) return { bytes, bits };
  return bits >= 96 ? { bytes, bits: bits - 96 } : { bytes: plain, bits };
}

/** Whether an address, as text or parsed, lies in a network. Families never mix. */
export function inNetwork(address: string | Address, network: Network): boolean {
  const bytes = typeof address === 'string' ? parseAddress(address) : address;
  if (bytes === null || bytes.length !== network.bytes.length) return false;
  return same(masked(bytes, network.bits), network.bytes);
}

function parseIpv4(text: string): Address | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return null;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** 16-bit groups of one side of `::`; a dotted IPv4 address may close the whole. */
function groupsOf(text: string, atEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const pieces = text.split(':');
  for (const [index, piece] of pieces.entries()) {
    if (atEnd && index === pieces.length - 1 && piece.includes('.')) {
      const v4 = parseIpv4(piece);
      if (v4 === null) return null;
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0));
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(piece)) return null;
      groups.push(Number.parseInt(piece, 16));
    }
  }
  return groups;
}

const MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
const NAT64 = Uint8Array.from([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);

function unwrap(bytes: Address): Address {
  if (bytes.length !== 16) return bytes;
  const head = bytes.subarray(0, 12);
  return same(head, MAPPED) || same(head, NAT64) ? bytes.slice(12) : bytes;
}

function masked(bytes: Address, bits: number): Address {
  return bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 255);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function formatIpv6(bytes: Address): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const text = `:${groups.join(':')}:`;
  // The longest run of two or more zero groups, the first of equals, becomes `::`.
  const runs = text.match(/(?::0)+(?=:)/g)?.filter((run) => run.length > 2) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups.join(':');
  const at = text.search(new RegExp(`${longest}(?=:)`));
  return `${text.slice(1, at)}::${text.slice(at + longest.length + 1, -1)}`;
}
