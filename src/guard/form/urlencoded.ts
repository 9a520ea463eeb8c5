import type { Field } from './field.ts';
import type { Scan } from './scan.ts';

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;

/** `application/x-www-form-urlencoded`, parted at `;` too, as some backends do. Every text is such a form. */
export function scanUrlencoded(field: Field): Scan {
  let inValue = false;
  /** Of a percent sequence what has come of it. */
  let sequence = '';

  const add = (code: number): void => {
    if (inValue) field.addToValue(code);
    else field.addToName(code);
  };
  /** What began like a sequence and was none. */
  const flush = (): void => {
    for (const text of sequence) add(text.charCodeAt(0));
    sequence = '';
  };
  const step = (byte: number): void => {
    if (sequence !== '' && isHex(byte)) {
      sequence += String.fromCharCode(byte);
      if (sequence.length < 3) return;
      add(Number.parseInt(sequence.slice(1), 16));
      sequence = '';
      return;
    }
    flush();
    if (byte === AMPERSAND || byte === SEMICOLON) {
      inValue = false;
      field.beginName();
    } else if (byte === EQUALS && !inValue) {
      inValue = true;
      field.beginValue();
    } else if (byte === PERCENT) sequence = '%';
    else add(byte === PLUS ? 0x20 : byte);
  };

  field.beginName();
  return {
    write(bytes) {
      for (const byte of bytes) {
        // Most of a form is values that nobody asks about.
        if (inValue && !field.counts && byte !== AMPERSAND && byte !== SEMICOLON) continue;
        step(byte);
      }
      return true;
    },
    end: () => true,
  };
}

const isHex = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
