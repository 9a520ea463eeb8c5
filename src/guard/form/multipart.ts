import { type Field, namesMethod } from './field.ts';
import type { Scan } from './scan.ts';

/** Longest head of a part; browsers need a few hundred bytes. */
const MAX_HEAD = 16 * 1024;
const LINE = '\r\n';
/** `line`: behind a delimiter, where its line has to end or the last part has ended. */
type State = 'start' | 'line' | 'head' | 'body' | 'end' | 'broken';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * `multipart/form-data` as browsers and HTTP libraries write it (RFC 7578), and nothing else: wherever parsers are known
 * to differ (text around the parts, bare line feeds, a delimiter that is none, unknown or repeated fields), two of them
 * could find different fields, and the body cannot be told. Constant memory: the head of one part, or the end of a
 * delimiter.
 */
export function scanMultipart(field: Field, boundary: string): Scan {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let state: State = 'start';
  let rest: Buffer = Buffer.alloc(0);
  /** How much of `rest` has been shown to `field`: a value counts as it comes, before its end is known. */
  let shown = 0;

  /** The bytes are used up to where it answers; -1 where it needs more. */
  const steps: Record<State, (bytes: Buffer) => number> = {
    start(bytes) {
      if (bytes.length < delimiter.length) return -1;
      state = bytes.indexOf(delimiter) === 0 ? 'line' : 'broken';
      return delimiter.length;
    },
    line(bytes) {
      if (bytes.length < 2) return -1;
      const text = bytes.toString('latin1', 0, 2);
      state = text === LINE ? 'head' : text === '--' ? 'end' : 'broken';
      return 2;
    },
    head(bytes) {
      const end = bytes.indexOf(END_OF_HEAD);
      if (end === -1) {
        if (bytes.length > MAX_HEAD) state = 'broken';
        return -1;
      }
      const name = end > MAX_HEAD ? null : nameOf(bytes.toString('latin1', 0, end));
      state = name === null ? 'broken' : 'body';
      if (name === null) return -1;
      field.beginName();
      for (const character of name) field.addToName(character.charCodeAt(0));
      field.beginValue();
      return end + END_OF_HEAD.length;
    },
    body(bytes) {
      const at = bytes.indexOf(delimiter);
      const used = at === -1 ? Math.max(0, bytes.length - delimiter.length - LINE.length + 1) : at;
      if (field.counts) for (const byte of bytes.subarray(shown, at === -1 ? bytes.length : at)) field.addToValue(byte);
      shown = at === -1 ? bytes.length - used : 0;
      if (at === -1) return used === 0 ? -1 : used;
      state = at >= LINE.length && bytes.toString('latin1', at - LINE.length, at) === LINE ? 'line' : 'broken';
      return at + delimiter.length;
    },
    end(bytes) {
      const text = bytes.toString('latin1', 0, LINE.length + 1);
      if (!LINE.startsWith(text)) state = 'broken';
      return -1;
    },
    broken: () => -1,
  };

  return {
    write(bytes) {
      let left = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      if (rest.length > 0) left = Buffer.concat([rest, left]);
      for (;;) {
        const used = steps[state](left);
        if (used === -1 || left.length === 0) break;
        left = left.subarray(used);
      }
      // A copy: what is kept is small, the piece that it came in may be large.
      rest = state === 'broken' ? Buffer.alloc(0) : Buffer.from(left);
      return state !== 'broken';
    },
    end: () => state === 'end',
  };
}

const QUOTED = '"[^"\\\\\\x00-\\x1f]*"';
const TOKEN = '[\\w.!#$%&+^`|~-]+';
/** RFC 8187 §3.2; quotes around anything else are quotes to PHP. */
const EXTENDED = "[\\w.!#$%&+^`|~'-]+";
const PARAMETER = new RegExp(
  `;[ \\t]*(?:(name)=(${QUOTED}|${TOKEN})|(filename)=("[^"\\x00-\\x1f]*"|${TOKEN})|(filename\\*)=(${EXTENDED}))[ \\t]*`,
  'giy',
);
const DISPOSITION = /^content-disposition:[ \t]*form-data[ \t]*/i;
const TYPE =
  /^content-type:[ \t]*(?!multipart|message)[\w.+-]+\/[\w.+-]+(?:[ \t]*;[ \t]*[\w-]+=(?:"[\w .+/-]*"|[\w.+/-]+))*[ \t]*$/i;
const PLAIN = /^(?:content-length:[ \t]*\d+|content-transfer-encoding:[ \t]*(?:7bit|8bit|binary))[ \t]*$/i;
const OTHER_CHARSET = /charset="?(?!utf-?8|us-ascii|iso-8859-1|windows-1252)/i;

/** The name that a part's head gives it; null where another parser could read another one, or none. */
function nameOf(head: string): string | null {
  let name: string | null = null;
  let recoded = false;
  for (const line of head.split(LINE)) {
    if (DISPOSITION.test(line)) {
      if (name !== null) return null;
      name = nameIn(line);
      if (name === null) return null;
    } else if (TYPE.test(line)) recoded ||= OTHER_CHARSET.test(line);
    else if (!PLAIN.test(line)) return null;
  }
  return name !== null && recoded && namesMethod(name) ? null : name;
}

function nameIn(line: string): string | null {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = DISPOSITION.exec(line)?.[0].length ?? 0;
  let read = PARAMETER.lastIndex;
  for (let match = PARAMETER.exec(line); match !== null; match = PARAMETER.exec(line)) {
    const key = (match[1] ?? match[3] ?? match[5] ?? '').toLowerCase();
    if (found.has(key)) return null;
    found.set(key, match[2] ?? match[4] ?? match[6] ?? '');
    read = PARAMETER.lastIndex;
  }
  const name = found.get('name')?.replaceAll('"', '');
  const filename = found.get('filename') ?? '';
  if (read !== line.length || name === undefined) return null;
  // An escaped quote is the end to some; and some look for `name=` wherever it stands, or for encoded words.
  if (/\\"$|;\s*name\s*=/i.test(filename) || name.includes('=?')) return null;
  return name.replaceAll(/%[0-9a-f]{2}/gi, (sequence) => String.fromCharCode(Number.parseInt(sequence.slice(1), 16)));
}
