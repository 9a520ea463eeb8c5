import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** What young objects may take: bytes, for those that live and those that are copied. */
const YOUNG = 32 * 1024 * 1024;

/**
 * For commands that read far more than they keep: has V8 collect what is left over while it is little. By itself it takes as much
 * memory as a machine with plenty of it allows, several times of what is kept. And has it copy what is young in one thread: there is
 * little of it, and several threads spend more on each other than they save.
 *
 * @returns to be called from time to time
 */
export function keepMemoryLow(): () => void {
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--no-parallel-scavenge');
  let isHeld = false;
  return () => {
    if (isHeld || youngSize() < YOUNG) return;
    isHeld = true;
    setFlagsFromString('--semi-space-growth-factor=1');
  };
}

const youngSize = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
