/** Flat lists of header fields: name, value, name, value … as node:http's `rawHeaders` has them. */
export type FieldList = readonly string[];

/** Value of the first field of this lower-case name; '' when absent. */
export function fieldOf(fields: FieldList, name: string): string {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (isNamed(fields[at], name)) return fields[at + 1] ?? '';
  }
  return '';
}

export function hasField(fields: FieldList, name: string): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    if (isNamed(fields[at], name)) return true;
  }
  return false;
}

/** All values of this lower-case name, joined as a list (RFC 9110 §5.3). Not for Set-Cookie. */
export function joinedFieldOf(fields: FieldList, name: string): string {
  return allOf(fields, name).join(', ');
}

export function allOf(fields: FieldList, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (isNamed(fields[at], name)) values.push(fields[at + 1] ?? '');
  }
  return values;
}

/** Without the fields of these lower-case names. */
export function without(fields: FieldList, names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!names.includes(name.toLowerCase())) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** With this field set once: where the first of its name stood, else at the end; removed where the value is ''. */
export function withField(fields: FieldList, name: string, value: string): string[] {
  const lower = name.toLowerCase();
  const changed: string[] = [];
  let placed = value === '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const present = fields[at] ?? '';
    if (!isNamed(present, lower)) changed.push(present, fields[at + 1] ?? '');
    else if (!placed) {
      changed.push(present, value);
      placed = true;
    }
  }
  if (!placed) changed.push(name, value);
  return changed;
}

function isNamed(present: string | undefined, lower: string): boolean {
  return present !== undefined && present.length === lower.length && present.toLowerCase() === lower;
}

/** Whether an answer can be read as it is: JSON that was asked for without a content coding, see proxy.ts. */
export function isPlainJson(fields: FieldList): boolean {
  return (
    /^application\/(?:[\w.-]+\+)?json\b/i.test(fieldOf(fields, 'content-type')) &&
    fieldOf(fields, 'content-encoding') === ''
  );
}
