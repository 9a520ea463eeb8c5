/**
 * Finds the values of one field in a form's body, without trusting it: several values are all returned, because
 * backends differ in which of them they take.
 */

/** Media types whose bodies may hold the field. */
export type FormType = 'urlencoded' | 'multipart';

export function formTypeOf(contentType: string): FormType | null {
  const end = contentType.indexOf(';');
  switch ((end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded':
      return 'urlencoded';
    case 'multipart/form-data':
      return 'multipart';
    default:
      return null;
  }
}

/** Values of a field, in order; null where the body is not what its type says. */
export function fieldValues(body: Uint8Array, type: FormType, contentType: string, name: string): string[] | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  return type === 'urlencoded' ? fromUrlencoded(text, name) : fromMultipart(text, contentType, name);
}

/** Only `&` parts: where a backend parts at `;` too, the value found here holds more than a token, and is none. */
function fromUrlencoded(text: string, name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of new URLSearchParams(text)) if (key === name) values.push(value);
  return values;
}

const BOUNDARY = /;\s*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))\s*(?=;|$)/gi;

/** RFC 7578; what RFC 2046 §5.1.1 allows beyond what browsers send is not read. */
function fromMultipart(text: string, contentType: string, name: string): string[] | null {
  const boundaries = [...contentType.matchAll(BOUNDARY)];
  const [found] = boundaries;
  if (found === undefined || boundaries.length > 1) return null;
  const delimiter = `--${found[1] ?? found[2] ?? ''}`;
  const parts = `\r\n${text}`.split(`\r\n${delimiter}`);
  // Before the first delimiter and behind the last stands nothing that counts.
  if (parts.length < 2 || parts[0] !== '' || !/^--(?:\r\n|$)/.test(parts.at(-1) ?? '')) return null;
  const values: string[] = [];
  for (const part of parts.slice(1, -1)) {
    const head = part.indexOf('\r\n\r\n');
    if (!part.startsWith('\r\n') || head === -1) return null;
    if (isField(part.slice(2, head), name)) values.push(part.slice(head + 4));
  }
  return values;
}

/** One plain field of this name: no file, no coding, no second disposition. */
function isField(head: string, name: string): boolean {
  const lines = head.split('\r\n');
  const dispositions = lines.filter((line) => /^content-disposition\s*:/i.test(line));
  const [line = ''] = dispositions;
  if (dispositions.length !== 1 || lines.some((one) => /^content-transfer-encoding\s*:/i.test(one))) return false;
  const parameters = /^content-disposition\s*:\s*form-data\s*;\s*name="([^"]*)"\s*$/i.exec(line);
  return parameters?.[1] === name;
}
