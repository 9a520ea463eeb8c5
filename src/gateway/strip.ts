import { LABEL, OWN_COOKIES, PROOF_PARAMETER, TAG } from '../wire/constants.ts';

/** A Cookie value without the two named cookies and the gate's further ones; '' when nothing is left. */
export function withoutCookies(value: string, session: string, stamp: string): string {
  if (!value.includes(session) && !value.includes(stamp) && !value.includes(OWN_COOKIES)) return value;
  return value
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => {
      const equals = pair.indexOf('=');
      const name = (equals === -1 ? pair : pair.slice(0, equals)).trim();
      return pair !== '' && name !== session && name !== stamp && !name.startsWith(OWN_COOKIES);
    })
    .join('; ');
}

/** A Signature or Signature-Input value without our member (RFC 8941 §3.2 dictionaries); others stay byte for byte. */
export function withoutMember(value: string): string {
  if (!value.includes(LABEL)) return value;
  return members(value)
    .map((member) => member.trim())
    .filter((member) => member !== '' && labelOf(member) !== LABEL)
    .join(', ');
}

function labelOf(member: string): string {
  return /^[^=;\s]*/.exec(member)?.[0] ?? '';
}

/** Splits at commas that lie outside strings and inner lists. */
function members(value: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  let depth = 0;
  for (let i = 0; i < value.length; i += 1) {
    const char = value[i];
    if (quoted) {
      if (char === '\\') i += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(value.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(value.slice(from));
  return parts;
}

/** Sec-WebSocket-Protocol without the subprotocol that carries our proof. */
export function withoutProtocol(value: string): string {
  if (!value.includes(TAG)) return value;
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith(TAG))
    .join(', ');
}

/** A request target without the parameter that carries our proof; every other byte as sent. */
export function withoutProof(target: string): string {
  if (!target.includes(PROOF_PARAMETER)) return target;
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((part) => part !== PROOF_PARAMETER && !part.startsWith(`${PROOF_PARAMETER}=`));
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`;
}
