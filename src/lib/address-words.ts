import { parseAddress } from './address.ts';

/**
 * Reads an address as 32-bit words, as {@link parseAddress} understands it: into `words[0]` for IPv4, into all four for IPv6.
 * Asked on every request, so the usual spellings cost no array and no expression.
 *
 * @returns words written: 1 or 4; 0 for what is no address
 */
export function addressWords(text: string, words: Uint32Array): 0 | 1 | 4 {
  const plain = plainIpv4(text);
  if (plain >= 0) {
    words[0] = plain;
    return 1;
  }
  if (plainIpv6(text, words)) {
    // What carries an IPv4 address is that address.
    const isMapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
    const isNat64 = words[0] === 0x64ff9b && words[1] === 0 && words[2] === 0;
    if (!isMapped && !isNat64) return 4;
    words[0] = words[3] ?? 0;
    return 1;
  }
  const bytes = text.includes(':') ? parseAddress(text) : null;
  if (bytes === null) return 0;
  for (let i = 0; i < bytes.length; i += 4)
    words[i >> 2] = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(i);
  return bytes.length === 4 ? 1 : 4;
}

/** A dotted IPv4 address as a number; -1 for anything else. */
function plainIpv4(text: string): number {
  let [value, part, digits, dots] = [0, 0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - 48;
    if (code === -2) {
      if (digits === 0 || ++dots > 3) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else {
      if (code < 0 || code > 9 || (digits > 0 && part === 0)) return -1;
      part = part * 10 + code;
      if (++digits > 3 || part > 255) return -1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : -1;
}

/** Groups before and after `::`, 16 bits each. */
const groups = new Uint16Array(8);

/** An IPv6 address of hexadecimal groups alone; false for anything else, which may be one in a rarer spelling. */
function plainIpv6(text: string, words: Uint32Array): boolean {
  let [count, gap, digits, group] = [0, -1, 0, 0];
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? COLON : text.charCodeAt(i);
    if (code !== COLON) {
      const digit = hexDigit(code);
      if (digit < 0 || ++digits > 4) return false;
      group = group * 16 + digit;
    } else if (digits > 0) {
      if (count === 8) return false;
      groups[count++] = group;
      digits = 0;
      group = 0;
      if (i < text.length && text.charCodeAt(i + 1) === COLON) {
        if (gap >= 0) return false;
        gap = count;
        i++;
      } else if (i === text.length - 1) return false;
    } else if (i === 0 && text.charCodeAt(1) === COLON) {
      gap = 0;
      i++;
    } else if (i !== text.length || gap !== count) return false;
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  const at = (index: number): number => {
    if (gap < 0 || index < gap) return groups[index] ?? 0;
    return index < 8 - (count - gap) ? 0 : (groups[index - (8 - count)] ?? 0);
  };
  for (let word = 0; word < 4; word++) words[word] = at(word * 2) * 0x1_0000 + at(word * 2 + 1);
  return true;
}

const COLON = 58;

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
