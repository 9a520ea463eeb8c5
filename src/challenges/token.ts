import { createHash } from 'node:crypto';
import type { KeyRing } from '../doors/seal.ts';
import type { ChallengeBond, Way } from '../guard/challenge.ts';
import { CHALLENGE_KINDS, MOST_SOLUTION } from '../wire/challenge.ts';
import type { ChallengeKind } from '../wire/challenge.ts';

/**
 * What stands in a challenge's token: sealed whole, every part at a fixed place. Nothing of it is the client's to choose, and no
 * two parts can be cut or joined otherwise (one solved challenge could be spliced into another where only a text was signed).
 */
export interface TokenContent {
  /** 22 characters base64url. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly issued: number;
  readonly earns: Way;
  readonly way: Way;
}

const VERSION = 1;
const AT_ID = 1;
const AT_ISSUED = 17;
const AT_EARNS = 25;
const AT_WAY = 27;
const AT_BOND = 29;
const LENGTH = AT_BOND + 32;

/** Characters of a token, with room for a key id to grow. */
const MOST_TOKEN = 512;

export function sealToken(ring: KeyRing, content: TokenContent, bond: ChallengeBond): string {
  const bytes = Buffer.alloc(LENGTH);
  bytes[0] = VERSION;
  bytes.write(content.id, AT_ID, 16, 'base64url');
  bytes.writeDoubleBE(content.issued, AT_ISSUED);
  writeWay(bytes, AT_EARNS, content.earns);
  writeWay(bytes, AT_WAY, content.way);
  hashOf(bond).copy(bytes, AT_BOND);
  return ring.seal('challenge', bytes);
}

/** Null for what is not ours, or was given to somebody or something else. */
export function openToken(ring: KeyRing, token: string, bond: ChallengeBond): TokenContent | null {
  const bytes = ring.open('challenge', token);
  if (typeof bytes === 'string' || bytes.length !== LENGTH || bytes[0] !== VERSION) return null;
  const [earns, way] = [readWay(bytes, AT_EARNS), readWay(bytes, AT_WAY)];
  // Sealed: whoever could choose what is compared here could seal as well.
  if (earns === null || way === null || hashOf(bond).compare(bytes, AT_BOND) !== 0) return null;
  return { id: bytes.toString('base64url', AT_ID, AT_ID + 16), issued: bytes.readDoubleBE(AT_ISSUED), earns, way };
}

/** `token solution`, both of visible ASCII; null for anything else. */
export function splitSolution(text: string): { readonly token: string; readonly solution: string } | null {
  const space = text.indexOf(' ');
  if (space < 1 || space > MOST_TOKEN || text.length - space - 1 > MOST_SOLUTION) return null;
  const solution = text.slice(space + 1);
  return /^[\x21-\x7e]+$/.test(solution) ? { token: text.slice(0, space), solution } : null;
}

/** Length-prefixed, so that no part can run into the next. */
function hashOf({ session, holder, counter, action }: ChallengeBond): Buffer {
  const hash = createHash('sha256');
  for (const part of [session, holder, String(counter), action])
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}

function writeWay(bytes: Buffer, at: number, { kind, strength }: Way): void {
  bytes[at] = CHALLENGE_KINDS.indexOf(kind);
  bytes[at + 1] = strength;
}

function readWay(bytes: Buffer, at: number): Way | null {
  const kind: ChallengeKind | undefined = CHALLENGE_KINDS[bytes[at] ?? -1];
  return kind === undefined ? null : { kind, strength: bytes[at + 1] ?? 0 };
}
