import { isDeepStrictEqual } from 'node:util';

/** A value that stays what it is, but for its functions: those can be exchanged for others while it is in use. */
export interface Exchangeable<T> {
  /** As it was given; each of its functions calls the one that stands in its place now. */
  readonly value: T;
  /** From now on the functions of this value are called: one that {@link isSameButFunctions}. */
  exchange(next: T): void;
}

type Place = readonly (string | number)[];

/**
 * A file that is read again makes all its functions anew, and nobody can tell whether they do the same as before: their text
 * says nothing of what they refer to. So the latest are called, and only what can be compared is.
 */
export function createExchangeable<T>(first: T): Exchangeable<T> {
  let latest: unknown = first;
  const calling = (place: Place) =>
    function called(this: unknown, ...given: unknown[]): unknown {
      const found = place.reduce<unknown>((within, name) => Reflect.get(Object(within), name), latest);
      return Reflect.apply(found as () => unknown, this, given); // what fits has a function there
    };
  return {
    value: withFunctions(first, calling, []) as T, // of the same shape
    exchange(next) {
      latest = next;
    },
  };
}

/** Whether two values differ in nothing but what their functions are. */
export const isSameButFunctions = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(withFunctions(one, nameless, []), withFunctions(other, nameless, []));

const FUNCTION = Symbol('function');
const nameless = (): symbol => FUNCTION;

/** A copy in which something else stands for each function. What is neither list nor plain object is left as it is. */
function withFunctions(value: unknown, made: (place: Place) => unknown, place: Place): unknown {
  if (typeof value === 'function') return made(place);
  if (Array.isArray(value)) return value.map((each, index) => withFunctions(each, made, [...place, index]));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withFunctions(each, made, [...place, name])]),
  );
}
