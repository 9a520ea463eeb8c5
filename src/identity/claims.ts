/** Reading what somebody else's token says about a person, whoever issued it. */

export type Claims = Readonly<Record<string, unknown>>;

/** Claims about a person that are kept where a configuration names none. */
export const KEPT_CLAIMS: readonly string[] = ['name', 'preferred_username', 'email', 'email_verified', 'locale'];

/** What is taken over of one claim, and of all of them together, as JSON. */
const MAX_ITEMS = 256;
export const MAX_ITEM = 255;
const MAX_CLAIMS = 8192;

/** A list of texts, or one text of several parted by spaces; what is neither counts as none. */
export function toTexts(value: unknown): readonly string[] {
  const items: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return items
    .filter((item) => typeof item === 'string')
    .filter((item) => item !== '' && item.length <= MAX_ITEM)
    .slice(0, MAX_ITEMS);
}

/** A claim by its name, which may hold dots itself (`https://app.example/roles`), else by its path. */
export function readPath(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** The claims that were asked for, as long as they fit. */
export function keepClaims(claims: Claims, names: readonly string[]): Claims {
  const kept: Record<string, unknown> = {};
  let left = MAX_CLAIMS;
  for (const name of names) {
    const value = readPath(claims, name);
    if (value === undefined) continue;
    left -= name.length + JSON.stringify(value).length;
    if (left >= 0) kept[name] = value;
  }
  return kept;
}
