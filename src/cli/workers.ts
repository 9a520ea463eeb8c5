import { availableParallelism } from 'node:os';
import type { Config } from '../guard/config.ts';

/** Threads that are to answer. */
export const workersOf = ({ workers = 1 }: Config): number => (workers === 'auto' ? availableParallelism() : workers);
