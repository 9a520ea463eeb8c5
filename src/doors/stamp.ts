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
  /** `Set-Cookie` of a fresh stamp, for a page load. */
  issue(): string;
  /**
   * The same where entry itself gives it, because no page load did: a late one. It goes on with the page load of the stamp in
   * this Cookie field, however old that is, and is of none where there is none.
   */
  renew(cookieField: string): string;
  /** Judges the stamp in a Cookie field and, when it is good, counts one entry against it. */
  spend(cookieField: string): StampState;
  /** Which page load the stamp in a Cookie or Set-Cookie field is of; '' for none, and without a good one. */
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

const VERSION = 2;
const ID_BYTES = 12;
// Layout: version, by what it was made, id, time, page load.
const AT_ID = 2;
const AT_TIME = AT_ID + ID_BYTES;
const AT_LOAD = AT_TIME + 4;
const LENGTH = AT_LOAD + ID_BYTES;
const NO_LOAD = '\0'.repeat(ID_BYTES);
const PAGE_MADE = 0;
const ENTRY_MADE = 1;

export function createStamps(options: StampsOptions): Stamps {
  const { ring, clock, cookieName, random = createRandom(), counted = 65_536 } = options;
  // Only stamps that opened an entry are counted, so that filling this costs mints. What it forgets when it turns
  // over is how often a stamp was used, never that it expired.
  const entries = createGenerations<number>(counted);

  /** A stamp of ours, however old. */
  function readStamp(cookieField: string): Stamp | null {
    const value = readCookie(cookieField, cookieName());
    const content = value === '' ? 'unknown' : ring.open('stamp', value);
    if (typeof content === 'string' || content.length !== LENGTH || content[0] !== VERSION) return null;
    const age = clock.wall() / 1000 - content.readUInt32BE(AT_TIME);
    const load = content.toString('latin1', AT_LOAD, AT_LOAD + ID_BYTES);
    const id = content.toString('latin1', AT_ID, AT_ID + ID_BYTES);
    return { id, late: content[1] !== PAGE_MADE, age, load: load === NO_LOAD ? '' : load };
  }

  function openStamp(cookieField: string): Stamp | null {
    const stamp = readStamp(cookieField);
    return stamp === null || stamp.age > STAMP_SECONDS || stamp.age < -STAMP_SECONDS ? null : stamp;
  }

  /** @param load of a stamp that no page gets; '' for none */
  function make(madeBy: number, load: string): string {
    const content = Buffer.alloc(LENGTH);
    content[0] = VERSION;
    content[1] = madeBy;
    const id = random(ID_BYTES);
    id.copy(content, AT_ID);
    content.writeUInt32BE(Math.floor(clock.wall() / 1000), AT_TIME);
    if (madeBy === PAGE_MADE) id.copy(content, AT_LOAD);
    else content.write(load, AT_LOAD, 'latin1');
    return formatSetCookie(cookieName(), ring.seal('stamp', content), STAMP_SECONDS);
  }

  return {
    issue: () => make(PAGE_MADE, ''),
    renew: (cookieField) => make(ENTRY_MADE, readStamp(cookieField)?.load ?? ''),
    spend(cookieField) {
      const stamp = openStamp(cookieField);
      const used = stamp === null ? 0 : (entries.get(stamp.id) ?? 0);
      if (stamp === null || used >= STAMP_ENTRIES) return 'missing';
      entries.set(stamp.id, used + 1);
      return stamp.late ? 'late' : 'good';
    },
    loadOf: (cookieField) => openStamp(cookieField)?.load ?? '',
    isWorn(cookieField) {
      const stamp = openStamp(cookieField);
      return stamp !== null && stamp.age > STAMP_SECONDS / 2;
    },
  };
}

interface Stamp {
  readonly id: string;
  /** '' for none. */
  readonly load: string;
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
