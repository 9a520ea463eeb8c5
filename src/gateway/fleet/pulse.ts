import { url as debuggerAt } from 'node:inspector';

/** A worker whose event loop has not turned for so long has hung: long past any call that a server should make. */
export const SILENT_SECONDS = 10;

/** What {@link watchPulse} needs of time. */
export interface PulseParts {
  /** Asks the worker whether it is there. Rejects once it is gone. */
  beat(): Promise<unknown>;
  /** It has not answered for {@link SILENT_SECONDS}. Called once. */
  hung(): void;
  /** Whether somebody debugs this process, and may hold a thread for as long as they like. Default: as Node says. */
  readonly isDebugged?: () => boolean;
}

/**
 * Watches one worker until the answer is called. Counts its own seconds, not the clock's: a machine that slept, or a process
 * that was stopped, finds nobody silent for that.
 */
export function watchPulse({ beat, hung, isDebugged = () => debuggerAt() !== undefined }: PulseParts): () => void {
  let silent = 0;
  let isAsked = false;
  const timer = setInterval(() => {
    silent = isDebugged() ? 0 : silent + 1;
    if (silent > SILENT_SECONDS) {
      clearInterval(timer);
      hung();
    } else if (!isAsked) {
      isAsked = true;
      beat().then(
        () => {
          silent = 0;
          isAsked = false;
        },
        // It is gone: whoever started it hears of that.
        () => {},
      );
    }
  }, 1000);
  timer.unref();
  return () => clearInterval(timer);
}
