import type { Signal, Signals } from '../guard/signals.ts';
import { parseSwitch } from '../guard/config-schema-switch.ts';
import type { Switch } from '../guard/switch.ts';
import { createSignedTexts } from './signed-text.ts';

export type { Switch } from '../guard/switch.ts';

export interface SwitchesOptions {
  readonly signals: Signals;
  /** The gate's. The key by which switches are signed is derived from it. */
  readonly secret: string;
  /** Another gate has switched. Must not throw. */
  onSwitch(made: Switch): void;
  warn(message: string): void;
  /** Milliseconds between attempts where the store cannot be reached. Default 500. */
  readonly retryMs?: number;
}

/** How switches reach every gate that shares a store. */
export interface Switches {
  /** The latest that is known; null where none was ever made. */
  last(): Switch | null;
  /**
   * Tells all gates. False where the store cannot be reached: it is tried again until it can, or a later switch comes.
   */
  publish(made: Omit<Switch, 'counter'>): Promise<boolean>;
  close(): Promise<void>;
}

const ATTEMPTS = 5;

/**
 * Switches travel as one signed text with a counter that only grows: whoever can write to the store cannot make one up, and an
 * earlier one that is put back is passed over, said, and overwritten. Reads the latest before it resolves; where the store
 * cannot be reached then, as soon as it can.
 */
export async function openSwitches(options: SwitchesOptions): Promise<Switches> {
  const { signals, secret, onSwitch, warn, retryMs = 500 } = options;
  const texts = createSignedTexts(secret, 'switch');
  const { name } = texts;
  let latest: Switch | null = null;
  let reading: Promise<void> | null = null;
  let again = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  /** Set while this gate's own switch has not reached the store. */
  let waiting: Switch | null = null;

  const sealed = (made: Switch): string => texts.seal(JSON.stringify(made));

  const open = (signal: Signal): Switch | null => {
    const text = texts.open(signal);
    const made = text === null ? null : parseSwitch(text);
    return made !== null && made.counter === signal.counter ? made : null;
  };

  /** What is kept there now, and whether this secret has signed it. */
  const readOnce = async (): Promise<void> => {
    const kept = await signals.latest(name);
    const made = kept === null ? null : open(kept);
    if (made !== null && made.counter > (latest?.counter ?? 0)) {
      latest = made;
      waiting = null;
      onSwitch(made);
      return;
    }
    if (made !== null && made.counter === latest?.counter) return;
    if (latest === null && kept === null) return;
    if (made === null && kept !== null)
      warn('switch: what lies in the store was not signed by this secret; passed over');
    else if (latest !== null)
      warn('switch: an earlier one was put back in the store, or the last one taken away; passed over');
    // Of several gates that see this one mends it, and the others read that.
    if (latest !== null && waiting === null) await put(latest, kept?.counter ?? 0, 1);
  };

  /** Puts the same switch there again, above whatever lies there. */
  const put = async (made: Switch, above: number, attempts = ATTEMPTS): Promise<boolean> => {
    let counter = Math.max(made.counter, above + 1);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const numbered = { ...made, counter };
      latest = numbered;
      if (await signals.publish(name, { counter, text: sealed(numbered) })) return true;
      const kept = await signals.latest(name);
      counter = Math.max(counter, kept?.counter ?? 0) + 1;
    }
    return false;
  };

  const read = (): Promise<void> => {
    if (closed) return Promise.resolve();
    if (reading !== null) {
      again = true;
      return reading;
    }
    reading = readOnce()
      .catch(later)
      .finally(() => {
        reading = null;
        if (!again) return;
        again = false;
        void read();
      });
    return reading;
  };

  const later = (): void => {
    if (closed) return;
    clearTimeout(retry);
    retry = setTimeout(() => void (waiting === null ? read() : send(waiting)), retryMs);
    retry.unref();
  };

  const send = async (made: Switch): Promise<boolean> => {
    waiting = made;
    await reading;
    if (waiting !== made) return true;
    try {
      const kept = await signals.latest(name);
      const done = await put(made, Math.max(kept?.counter ?? 0, made.counter - 1));
      if (done && waiting === made) waiting = null;
      if (!done) later();
      return done;
    } catch {
      later();
      return false;
    }
  };

  const stop = signals.subscribe(() => void read());
  await read();

  return {
    last: () => latest,
    publish(made) {
      // From here on an earlier one that is still on its way does not count.
      const numbered = { ...made, counter: (latest?.counter ?? 0) + 1 };
      latest = numbered;
      return send(numbered);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      stop();
      await reading;
    },
  };
}
