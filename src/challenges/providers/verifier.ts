import type { Expected, Verification } from './outcome.ts';

/** Asks a provider about one token; `now` is the gate's clock in milliseconds since 1970. Never throws. */
export type Verifier = (token: string, expected: Expected, now: number) => Promise<Verification>;
