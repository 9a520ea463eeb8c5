import type { Subject } from '../guard/subject.ts';

/** Whoever changes how they log in, or ends sessions, has shown who they are this lately, in seconds (ASVS 5.0 §7.5.1). */
const RECENT_SECONDS = 300;

/** @param now milliseconds since 1970 */
export const isRecent = ({ authTime }: Subject, now: number): boolean => now / 1000 - authTime <= RECENT_SECONDS;
