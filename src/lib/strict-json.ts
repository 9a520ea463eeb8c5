/** How deep what is read may be nested: nothing honest comes near. */
const MAX_DEPTH = 32;

/**
 * A JSON object of which every member has a name of its own, at every depth (RFC 7519 §4, RFC 8259 §4): two parsers
 * can take different ones of two that are called alike. Null for everything else.
 */
export function parseStrictObject(text: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // It is an object with string keys: that is what JSON has.
  return hasTwins(text) ? null : (value as Record<string, unknown>);
}

/** Whether an object in this JSON, which is known to be some, has a name twice, or lies too deep to tell. */
function hasTwins(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length >= MAX_DEPTH) return true;
        expectsName = text.charCodeAt(at) === 0x7b;
        open.push(expectsName ? new Set() : null);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        expectsName = false;
        break;
      case 0x2c: // ,
        expectsName = open.at(-1) !== null;
        break;
      case 0x22: {
        const end = endOfString(text, at);
        const names = open.at(-1);
        if (expectsName && names instanceof Set) {
          const name: unknown = JSON.parse(text.slice(at, end + 1));
          if (typeof name !== 'string' || names.has(name)) return true;
          names.add(name);
          expectsName = false;
        }
        at = end;
        break;
      }
    }
  }
  return false;
}

/** Index of the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}
