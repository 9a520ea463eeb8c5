import { OTHER, Prologue } from './html-prologue.ts';

/**
 * Finds the one place in an HTML document where a script may stand before all of the page's own: right behind
 * `<head …>`, or where a document leaves that out, before the first thing that would open the head by itself
 * (HTML §13.2.6.4.1 "initial" to §13.2.6.4.4 "in head"). Never before the doctype: that would force quirks mode.
 *
 * Works on bytes as they come, in whatever pieces. What it cannot yet place is a handful of bytes of a tag's name;
 * everything else leaves at once. Encodings that keep ASCII where it is are read by bytes, UTF-16 by pairs.
 */

/** How many bytes make one unit, and which of them comes first. */
export type Units = 'bytes' | 'utf-16le' | 'utf-16be';

export interface HtmlScanner {
  /** Takes the next piece; returns what may leave, in order. The pieces are views of what was given where possible. */
  write(chunk: Buffer): Buffer[];
  /** The document has ended; returns what was still held. */
  end(): Buffer[];
  /** True once the place has been found; from then on `write` returns what it is given. */
  readonly inserted: boolean;
}

/** Byte order marks win over whatever was declared (Encoding §6, "BOM sniff"). */
function sniffUnits(start: Buffer, declared: Units): Units {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  return declared;
}

function lengthOfMark(start: Buffer, units: Units): number {
  if (units !== 'bytes') {
    return start.length >= 2 && unitAt(start, 0, units) === 0xfeff ? 2 : 0;
  }
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
}

function unitAt(buffer: Buffer, at: number, units: Units): number {
  if (units === 'bytes') return buffer[at] ?? OTHER;
  return units === 'utf-16le' ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
}

/** Text in the document's own units. The text is ASCII. */
export function encodeUnits(text: string, units: Units): Buffer {
  if (units === 'bytes') return Buffer.from(text, 'latin1');
  const encoded = Buffer.from(text, 'utf16le');
  return units === 'utf-16le' ? encoded : encoded.swap16();
}

/**
 * @param element ASCII text to insert, once. A document without a byte is left as it is, and so is one that ends
 *   inside a comment or tag: whatever stood there would not be parsed.
 * @param declared from the charset parameter of Content-Type; a byte order mark in the document wins
 * @param options `onlyComplete`: leave fragments alone, that is, texts without doctype, `<html>` or `<head>`
 */
export function createHtmlScanner(
  element: string,
  declared: Units,
  options: { readonly onlyComplete?: boolean } = {},
): HtmlScanner {
  const prologue = new Prologue();
  let units = declared;
  /** What may not leave yet: an undecided token, half a unit, or a byte order mark that is still coming. */
  let held: Buffer = NOTHING;
  /** How much of `held` has been stepped through. */
  let stepped = 0;
  let started = false;
  let inserted = false;
  let any = false;

  const insertAt = (buffer: Buffer, at: number): Buffer[] => {
    inserted = true;
    held = NOTHING;
    if (options.onlyComplete === true && !prologue.complete) return buffer.length > 0 ? [buffer] : [];
    return [buffer.subarray(0, at), encodeUnits(element, units), buffer.subarray(at)].filter((part) => part.length > 0);
  };

  const scan = (buffer: Buffer, from: number): Buffer[] => {
    const width = units === 'bytes' ? 1 : 2;
    let at = from;
    let tokenStart = 0;
    for (; at + width <= buffer.length; at += width) {
      const wasUndecided = prologue.undecided;
      const step = prologue.step(unitAt(buffer, at, units));
      if (step === 'behind') return insertAt(buffer, at + width);
      if (step === 'before') return insertAt(buffer, wasUndecided ? tokenStart : at);
      if (prologue.undecided && !wasUndecided) tokenStart = at;
    }
    const keep = prologue.undecided ? tokenStart : at;
    held = buffer.subarray(keep);
    stepped = at - keep;
    return keep > 0 ? [buffer.subarray(0, keep)] : [];
  };

  const start = (buffer: Buffer): Buffer[] => {
    started = true;
    units = sniffUnits(buffer, declared);
    return scan(buffer, lengthOfMark(buffer, units));
  };

  return {
    get inserted() {
      return inserted;
    },
    write(chunk) {
      if (chunk.length === 0) return [];
      if (inserted) return [chunk];
      any = true;
      const buffer = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (started) return scan(buffer, stepped);
      if (buffer.length >= LONGEST_MARK || !mayBecomeMark(buffer, declared)) return start(buffer);
      held = buffer;
      return [];
    },
    end() {
      if (inserted || !any) return [];
      const parts = started ? [] : start(held);
      if (inserted) return parts;
      const rest = prologue.betweenTokens || prologue.betweenBrackets ? insertAt(held, 0) : [held];
      return [...parts, ...rest].filter((part) => part.length > 0);
    },
  };
}

const NOTHING = Buffer.alloc(0);
const LONGEST_MARK = 3;

function mayBecomeMark(buffer: Buffer, declared: Units): boolean {
  return declared !== 'bytes' || buffer[0] === 0xef || buffer[0] === 0xff || buffer[0] === 0xfe;
}
