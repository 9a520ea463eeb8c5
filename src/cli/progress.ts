const WIDTH = 30;
/** A terminal need not be written to more often: milliseconds. */
const PAUSE = 100;

/** A line on standard error that says how far something is. Nothing without a terminal. */
export interface Progress {
  /** @param share 0 to 1 */
  at(share: number, what: string): void;
  /** Takes the line away. */
  end(): void;
}

const SILENT: Progress = Object.freeze({ at: () => {}, end: () => {} });

/** @param isShown false where a document is printed in place of words, or nobody is at a terminal */
export function createProgress(
  isShown: boolean,
  write: (text: string) => void = (text) => process.stderr.write(text),
): Progress {
  if (!isShown) return SILENT;
  let last = 0;
  return {
    at(share, what) {
      const now = performance.now();
      if (now - last < PAUSE) return;
      last = now;
      const full = Math.round(Math.max(0, Math.min(1, share)) * WIDTH);
      write(
        `\r\x1b[K${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %  ${what}`,
      );
    },
    end: () => write('\r\x1b[K'),
  };
}
