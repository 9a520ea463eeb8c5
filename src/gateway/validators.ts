/**
 * Cache validators of pages that are changed on their way (PROTOCOL 2.7). What a browser holds must stop being valid
 * when the script changes, when the gate is put in front, and when it is taken away again; so its entity tag is the
 * backend's with the script's hash on it, and goes up again without. Tags are always weak: the bytes behind one may be
 * coded anew each time, and a weak tag never resumes half a page (RFC 9110 §13.1.5).
 */

/** `W/"<opaque>.<hash><kind>"`: kind says what the backend had given. */
type Kind = 's' | 'w' | 'm';

const SALTED = /^W\/"(.*)\.([0-9a-f]{16})([swm])"$/s;

/** Entity tag of a changed page; from Last-Modified where the backend gave no tag; '' with neither. */
export function saltTag(entityTag: string, lastModified: string, hash: string): string {
  const given = /^(W\/)?"([^"]*)"$/.exec(entityTag.trim());
  if (given !== null) return `W/"${given[2] ?? ''}.${hash}${given[1] === undefined ? 's' : 'w'}"`;
  const modified = Date.parse(lastModified);
  return Number.isNaN(modified) ? '' : `W/"${Math.floor(modified / 1000).toString(36)}.${hash}m"`;
}

export interface Conditions {
  /** If-None-Match for the backend; '' for none. */
  readonly ifNoneMatch: string;
  /** If-Modified-Since for the backend; '' for none. */
  readonly ifModifiedSince: string;
  /** Whether any tag carried our salt: a 304 then speaks of a page that we changed. */
  readonly salted: boolean;
}

/**
 * What the backend may be asked instead of a browser's If-None-Match. Tags with another hash are dropped, so that the
 * page comes whole, with the present script. Tags without a salt are dropped where `onlySalted` says that the answer
 * will be a changed page: the browser then holds one from before the gate.
 */
export function toBackendConditions(ifNoneMatch: string, hash: string, onlySalted: boolean): Conditions {
  const tags: string[] = [];
  let ifModifiedSince = '';
  let salted = false;
  for (const tag of listTags(ifNoneMatch)) {
    const parts = SALTED.exec(tag);
    if (parts === null) {
      if (!onlySalted) tags.push(tag);
      continue;
    }
    salted = true;
    if (parts[2] !== hash) continue;
    const opaque = parts[1] ?? '';
    const kind: Kind | undefined = toKind(parts[3]);
    if (kind === 'm') ifModifiedSince = toDate(opaque);
    else tags.push(`${kind === 'w' ? 'W/' : ''}"${opaque}"`);
  }
  return { ifNoneMatch: tags.join(', '), ifModifiedSince, salted };
}

export function isSalted(entityTag: string): boolean {
  return SALTED.test(entityTag.trim());
}

/** Members of a list of entity tags (RFC 9110 §8.8.3); an opaque part may hold commas, so quotes decide. */
function listTags(value: string): string[] {
  return value.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
}

function toKind(letter: string | undefined): Kind | undefined {
  return letter === 's' || letter === 'w' || letter === 'm' ? letter : undefined;
}

function toDate(seconds: string): string {
  const date = new Date(Number.parseInt(seconds, 36) * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toUTCString();
}
