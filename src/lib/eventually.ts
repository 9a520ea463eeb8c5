/** A value that is there at once, or later. */
export type Eventually<T> = T | Promise<T>;

/** Goes on with a value at once where it is there: nothing is awaited that need not be. */
export function whenKnown<T, R>(value: Eventually<T>, next: (value: T) => Eventually<R>): Eventually<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
