import type { Clock } from '../lib/clock.ts';
import { createGenerations } from '../lib/generations.ts';
import { STAMP_ENTRIES, STAMP_SECONDS } from '../wire/constants.ts';
import { formatSetCookie, readCookie } from './cookies.ts';
import { createRandom, type Random } from './random.ts';
import type { KeyRing } from './seal.ts';

/**
 * The load stamp (docs/protocol.md §1): a sealed, time-bearing cookie which says that a page was loaded. It is shared
 * by all tabs, good for a number of entries, and neither carries nor replaces a session.
 */
export interface Stamps {
  /** `Set-Cookie` of a fresh stamp. `late` where entry itself gives it, because no page load did. */
  issue(late: boolean): string;
  /** Judges the stamp in a Cookie field and, when it is good, counts one entry against it. */
  spend(cookieField: string): StampState;
  /** Which page load the stamp in a Cookie or Set-Cookie field is of; '' without a good one. */
  loadOf(cookieField: string): string;
  /** Whether a good stamp has lived through half its time: a living session then gets another as it enters again. */
  isWorn(cookieField: string): boolean;
}

/** `late`: good, but given by a refused entry; mints under it are limited more strictly. */
export type StampState = 'good' | 'late' | 'missing';

export interface StampsOptions {
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly cookieName: () => string;
  readonly random?: Random;
  /** Stamps of one generation whose entries are counted. Default 65,536. */
  readonly counted?: number;
}

const VERSION = 1;
const ID_BYTES = 12;
const LENGTH = 2 + ID_BYTES + 4;
const PAGE_MADE = 0;
const ENTRY_MADE = 1;

export function createStamps(options: StampsOptions): Stamps {
  const { ring, clock, cookieName, random = createRandom(), counted = 65_536 } = options;
  // Only stamps that opened an entry are counted, so that filling this costs mints. What it forgets when it turns
  // over is how often a stamp was used, never that it expired.
  const entries = createGenerations<number>(counted);

  function openStamp(cookieField: string): Stamp | null {
    const value = readCookie(cookieField, cookieName());
    const content = value === '' ? 'unknown' : ring.open('stamp', value);
    if (typeof content === 'string' || content.length !== LENGTH || content[0] !== VERSION) return null;
    const age = clock.wall() / 1000 - content.readUInt32BE(2 + ID_BYTES);
    if (age > STAMP_SECONDS || age < -STAMP_SECONDS) return null;
    return { id: content.toString('latin1', 2, 2 + ID_BYTES), late: content[1] !== PAGE_MADE, age };
  }

  return {
    issue(late) {
      const content = Buffer.alloc(LENGTH);
      content[0] = VERSION;
      content[1] = late ? ENTRY_MADE : PAGE_MADE;
      random(ID_BYTES).copy(content, 2);
      content.writeUInt32BE(Math.floor(clock.wall() / 1000), 2 + ID_BYTES);
      return formatSetCookie(cookieName(), ring.seal('stamp', content), STAMP_SECONDS);
    },
    spend(cookieField) {
      const stamp = openStamp(cookieField);
      const used = stamp === null ? 0 : (entries.get(stamp.id) ?? 0);
      if (stamp === null || used >= STAMP_ENTRIES) return 'missing';
      entries.set(stamp.id, used + 1);
      return stamp.late ? 'late' : 'good';
    },
    loadOf: (cookieField) => openStamp(cookieField)?.id ?? '',
    isWorn(cookieField) {
      const stamp = openStamp(cookieField);
      return stamp !== null && stamp.age > STAMP_SECONDS / 2;
    },
  };
}

interface Stamp {
  readonly id: string;
  readonly late: boolean;
  /** Seconds. */
  readonly age: number;
}

/** What a page's Cache-Control means for the stamp. */
export interface StampRule {
  /** Whether the answer may carry one. */
  readonly stamp: boolean;
  /** The Cache-Control to send. */
  readonly cacheControl: string;
}

/**
 * A page gets a stamp when it says `private`, `no-store` or `no-cache`, or when no shared cache may use it without
 * asking (`s-maxage=0`, else `max-age=0`); then `private` is added. Anything else may be kept by a shared cache,
 * which would hand one visitor's cookie to another (RFC 9111 §5.2.2, §7.3): it gets none.
 */
export function stampFor(cacheControl: string): StampRule {
  const directives = cacheControl
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const names = directives.map((text) => text.toLowerCase());
  // `private="field"` and `no-cache="field"` speak of single fields and leave the rest to shared caches.
  if (names.some((name) => name === 'private' || name === 'no-store' || name === 'no-cache')) {
    return { stamp: true, cacheControl };
  }
  if (!hasNoSharedFreshness(names)) return { stamp: false, cacheControl };
  const kept = directives.filter((text) => !/^(?:public$|s-maxage\s*=)/i.test(text));
  return { stamp: true, cacheControl: ['private', ...kept].join(', ') };
}

/** A directive that stands twice with two values counts as fresh: whoever reads the other one would keep the answer. */
function hasNoSharedFreshness(names: readonly string[]): boolean {
  const shared = names.filter((name) => name.startsWith('s-maxage'));
  const own = names.filter((name) => name.startsWith('max-age'));
  const deciding = shared.length > 0 ? shared : own;
  return deciding.length > 0 && deciding.every((name) => /^(?:s-maxage|max-age)\s*=\s*"?0+"?$/.test(name));
}
