import type { CreationFault } from '../guard/creation-watch.ts';
import { createBurst } from './burst.ts';
import type { Log } from './log.ts';

const WORDS: Readonly<Record<CreationFault['act'], string>> = {
  record: 'creator: whose an object is could not be recorded; it belongs to nobody',
  forget:
    'creator: an object was deleted and its creator could not be forgotten; where its id is given again, it is still theirs',
};

/** Says that creators of objects could not be kept: once for as long as records fail, and then how often. */
export function createCreationFaults(log: Pick<Log, 'warn'>, windowMs = 60_000): (fault: CreationFault) => void {
  const burst = createBurst({
    most: 1,
    window: windowMs,
    leftOut: (count) => log.warn(`creator: ${count} more could not be recorded or forgotten in the last minute`),
  });
  return ({ act, route, id, error }) => {
    if (burst.admit())
      log.warn(WORDS[act], { route, id, error: error instanceof Error ? error.message : String(error) });
  };
}
