import type { Field } from './field.ts';
import type { Scan } from './scan.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const LOWER_U = 0x75;

/** What a character behind a backslash stands for, where not for itself (RFC 8259 §7). */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/**
 * Members of any object in a JSON text, however deep: backends differ in where they look. A zero byte is in no JSON of
 * UTF-8; what holds one may be read in another coding, and cannot be told.
 */
export function scanJson(field: Field): Scan {
  let inString = false;
  /** What has come of an sequence: '' for none, `\` or `\u` and up to three digits. */
  let sequence = '';
  /** Whether the string that is read stands behind `_method` and a colon. */
  let isValue = false;

  const add = (code: number): void => {
    if (isValue) field.addToValue(code);
    else field.addToName(code);
  };
  const escaped = (byte: number): void => {
    if (sequence === '\\' && byte !== LOWER_U) {
      sequence = '';
      add(ESCAPES.get(byte) ?? byte);
      return;
    }
    sequence += String.fromCharCode(byte);
    if (sequence.length < 6) return;
    const code = Number.parseInt(sequence.slice(2), 16);
    sequence = '';
    add(Number.isNaN(code) ? 0xfffd : code);
  };
  const inside = (byte: number): void => {
    if (sequence !== '') escaped(byte);
    else if (byte === BACKSLASH) sequence = '\\';
    else if (byte !== QUOTE) add(byte);
    else {
      inString = false;
      isValue = false;
    }
  };
  const outside = (byte: number): void => {
    if (byte === QUOTE) {
      inString = true;
      isValue = field.counts;
      if (!isValue) field.beginName();
    } else if (byte === COLON) field.beginValue();
    // Anything else ends what a name could belong to: only a string right behind the colon is its value.
    else if (byte > 0x20) field.beginName();
  };

  field.beginName();
  return {
    write(bytes) {
      for (const byte of bytes) {
        if (byte === 0) return false;
        if (inString) inside(byte);
        else outside(byte);
      }
      return true;
    },
    end: () => true,
  };
}
