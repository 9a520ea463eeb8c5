import { constants } from 'node:os';

/**
 * Ends a command that drives browsers as soon as it is told to, by the status that shells know. What launches browsers
 * takes these signals for itself: it would close its own one, and the command would go on without.
 */
export function endWhenTold(): void {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    // Whoever launched a browser ends it when this process exits.
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
