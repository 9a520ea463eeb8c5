import { setImmediate } from 'node:timers/promises';
import type { BrokenLine } from '../guard/lists.ts';
import { type Address, inNetwork, type Network, parseAddress, parseNetwork } from '../lib/address.ts';
import { collectNetworks, lastOf, networkSet, type NetworkCollector, type NetworkSet } from '../lib/network-set.ts';

/** What a published list came to. */
export interface ParsedList {
  readonly set: NetworkSet;
  /** Entries that were read. */
  readonly entries: number;
  readonly reserved: number;
  readonly broken: number;
  readonly brokenLines: readonly BrokenLine[];
}

/** Entries of one list, at most. */
const MOST_ENTRIES = 1_000_000;
const BROKEN_SHOWN = 20;
/** A line is short; what is longer is no list. */
const LONGEST_LINE = 1024;
/** Lines that are read at a stretch: other requests get their turn in between. */
const STRETCH = 1000;

/**
 * Networks that nobody on the internet has (RFC 6890 and its kin). Published lists name some of them, so that routers drop
 * them; here they are the owner's own network, or a proxy that was not listed.
 */
const RESERVED = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3', '::/8', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
];
const RESERVED_NETWORKS: readonly Network[] = RESERVED.map(parseNetwork).filter((network) => network !== null);
const RESERVED_SET = networkSet(RESERVED);

/** Whether an address is nobody's on the internet. */
export const isReserved = (address: string): boolean => RESERVED_SET.has(address);

/**
 * Reads a list in one of the common published formats: an address, block or range a line, with `#`, `;` or `//` comments and
 * whatever follows the address (FireHOL, Spamhaus DROP, ipsum, dshield, Tor); JSON lines (Spamhaus) and JSON documents of
 * prefixes (Google, Bing, AWS). Lines that say nothing known are counted, and the others count.
 */
export async function parseList(text: string): Promise<ParsedList> {
  const list = new Reading();
  const document = wholeJson(text);
  if (document !== null) {
    let line = 0;
    for (const prefix of prefixesIn(document)) list.take(prefix, ++line);
    return list.done();
  }
  let [line, start] = [0, text.startsWith('\ufeff') ? 1 : 0];
  while (start < text.length) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    list.line(text.slice(start, Math.min(end, start + LONGEST_LINE)), ++line);
    start = end + 1;
    if (line % STRETCH === 0) await setImmediate();
  }
  return list.done();
}

class Reading {
  private readonly collected: NetworkCollector = collectNetworks();
  private readonly brokenLines: BrokenLine[] = [];
  private entries = 0;
  private reserved = 0;
  private broken = 0;

  line(whole: string, number: number): void {
    const text = whole.trim();
    if (PLAIN.test(text)) {
      this.take(text, number);
      return;
    }
    if (text === '' || COMMENT.test(text) || NO_ENTRY.test(text)) return;
    if (text.startsWith('{')) {
      this.json(text, number);
      return;
    }
    const entry = text.startsWith('ExitAddress ') ? text.slice('ExitAddress '.length) : text;
    this.take(entry.replace(/\s*(?:#|;|\/\/).*$/, ''), number, text);
  }

  /** An address, a block, or two addresses with `-`, a tab or blanks in between. */
  take(entry: string, number: number, shown = entry): void {
    const found = rangeOf(entry);
    const verdict = found === null ? 'broken' : this.add(found);
    if (verdict !== 'broken') return;
    this.broken++;
    if (this.brokenLines.length < BROKEN_SHOWN) this.brokenLines.push({ line: number, text: shown.slice(0, 80) });
  }

  done(): ParsedList {
    const { entries, reserved, broken, brokenLines } = this;
    return { set: this.collected.done(), entries, reserved, broken, brokenLines };
  }

  private json(text: string, number: number): void {
    const value = parsedJson(text);
    // Spamhaus closes its lists with a line about the list itself.
    if (isRecord(value) && value['type'] === 'metadata') return;
    const [prefix] = value === undefined ? [] : prefixesIn([value]);
    this.take(prefix ?? '', number, text);
  }

  private add({ from, to }: Range): 'taken' | 'broken' {
    if (isReservedRange(from, to)) {
      this.reserved++;
      return 'taken';
    }
    // A slip in somebody else's file must not shut everybody out.
    if (isTooWide(from, to) || this.entries >= MOST_ENTRIES || !this.collected.add(from, to)) return 'broken';
    this.entries++;
    return 'taken';
  }
}

/** Most lines: an address or a block and nothing else. */
const PLAIN = /^[\da-f.:/]+$/i;
const COMMENT = /^(?:#|;|\/\/)/;
/** Lines of formats with headings: dshield's names of columns, and what Tor says about an exit besides its address. */
const NO_ENTRY = /^(?:start\s+end\b|ExitNode\s|Published\s|LastStatus\s)/i;

interface Range {
  readonly from: Address;
  readonly to: Address;
}

function rangeOf(entry: string): Range | null {
  if (PLAIN.test(entry)) {
    const network = parseNetwork(entry);
    return (
      network && {
        from: network.bytes,
        to: network.bits === network.bytes.length * 8 ? network.bytes : lastOf(network),
      }
    );
  }
  const [first = '', second = ''] = entry.trim().split(/\s*-\s*|[\s,]+/, 2);
  if (first.includes('/')) {
    const network = parseNetwork(first);
    return network && { from: network.bytes, to: lastOf(network) };
  }
  const from = parseAddress(first);
  if (from === null) return null;
  const to = parseAddress(second);
  // What follows an address may be anything; after a dash, only another one.
  if (to === null) return /^\S+\s*-/.test(entry.trim()) ? null : { from, to: from };
  return { from, to };
}

/** Most ranges begin somewhere else: that is seen at once. */
const isReservedRange = (from: Address, to: Address): boolean =>
  RESERVED_SET.hasBytes(from) &&
  RESERVED_NETWORKS.some((network) => inNetwork(from, network) && inNetwork(to, network));

/** Wider than any single owner's network: IPv4 /8, IPv6 /16. */
function isTooWide(from: Address, to: Address): boolean {
  const bytes = from.length === 4 ? 1 : 2;
  return from.subarray(0, bytes).some((byte, index) => byte !== to[index]);
}

/** A document, not lines of which each is one. */
function wholeJson(text: string): unknown {
  const start = /^\ufeff?\s*([{[])/.exec(text.slice(0, 200));
  if (start === null) return null;
  return parsedJson(text) ?? null;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

const FIELDS = ['cidr', 'ipv4Prefix', 'ipv6Prefix', 'ip_prefix', 'ipv6_prefix'];

/** Prefixes of the documents that Google, Bing, AWS and Spamhaus publish. */
function prefixesIn(document: unknown): string[] {
  const lists = Array.isArray(document)
    ? [document]
    : isRecord(document)
      ? Object.values(document).filter((value) => Array.isArray(value))
      : [];
  const items = lists.length > 0 ? lists.flat() : [document];
  return items.flatMap((item: unknown) => {
    if (typeof item === 'string') return [item];
    if (!isRecord(item)) return [];
    return FIELDS.map((field) => item[field]).filter((value) => typeof value === 'string');
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
