import type { IncomingMessage } from 'node:http';
import { HEADER_ASSERTION } from '../../wire/constants.ts';
import { foldName, OVERRIDES } from '../../guard/overrides.ts';

/**
 * Takes out of an admitted request what asks the app for another method or target than the one that was judged, and
 * what only a gate may say. `headers` and `headersDistinct` are objects of their own, so all three are looked through.
 */
export function dropOverrides(request: IncomingMessage): void {
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    const name = rawHeaders[at] ?? '';
    if (!stopsHere(name)) continue;
    // Node makes both from the raw lines when they are first asked for, by a count of its own: before a line goes.
    const { headers, headersDistinct } = request;
    rawHeaders.splice(at, 2);
    delete headers[name.toLowerCase()];
    delete headersDistinct[name.toLowerCase()];
  }
}

function stopsHere(name: string): boolean {
  if (!mayStop(name.charCodeAt(0) | LOWER, name.charCodeAt(1) | LOWER)) return false;
  const folded = foldName(name);
  return OVERRIDES.has(folded) || folded === HEADER_ASSERTION;
}

/** What makes an ASCII letter lower case. */
const LOWER = 0x20;

const pair = (text: string): number => text.charCodeAt(0) * 256 + text.charCodeAt(1);
const BEGINNINGS: ReadonlySet<number> = new Set(['sa', 'sc', 'pa', 'da'].map(pair));

/** By its first two characters: `x-`, or those of the other names, so that most are never folded. */
function mayStop(first: number, second: number): boolean {
  const isLetter = second >= 0x61 && second <= 0x7a;
  return first === 0x78 ? !isLetter : isLetter && BEGINNINGS.has(first * 256 + second);
}
