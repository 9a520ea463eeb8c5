/** Lets the first lines of a burst through and counts the others. */
export interface Burst {
  /** Whether one more line may be written now. */
  admit(): boolean;
  /** Ends the window at once and tells what was left out. */
  end(): void;
}

export interface BurstOptions {
  /** Lines that pass in one window. */
  readonly most: number;
  /** Length of a window in milliseconds; it begins with its first line. */
  readonly window: number;
  /** Called at the end of a window in which lines were left out, with their number. */
  leftOut(count: number): void;
}

export function createBurst({ most, window, leftOut }: BurstOptions): Burst {
  let asked = 0;
  let timer: NodeJS.Timeout | null = null;
  const end = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const count = asked - most;
    asked = 0;
    if (count > 0) leftOut(count);
  };
  return {
    admit() {
      asked++;
      timer ??= setTimeout(end, window).unref();
      return asked <= most;
    },
    end,
  };
}
