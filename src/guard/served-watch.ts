import type { Eventually } from '../lib/eventually.ts';
import type { Decision } from './decision.ts';
import { JsonValues } from './json-values.ts';
import { LONGEST_SERVED, NO_SOURCES } from './served.ts';
import type { State } from './state.ts';

/** Notes which ids the backend's answers give. Whoever forwards calls asks it. */
export interface ServedWatch {
  /** Whether the answer to this call may give ids: it is then asked for without a content coding. */
  takes(decision: Decision): boolean;
  /** For the body of one answer that {@link takes} named, has succeeded and is JSON without a content coding. */
  reader(decision: Decision): ServedReader;
}

export interface ServedReader {
  /**
   * Reads a chunk that nobody has seen yet; it may go on when this is done. Rejects where state cannot be reached. Nothing
   * of the body is kept but the id that is being read.
   */
  read(chunk: Uint8Array): Eventually<void>;
}

export function createServedWatch(state: State): ServedWatch {
  return {
    takes: ({ route, sessionRef = null, key }) => route.sources !== NO_SOURCES && (sessionRef !== null || key !== null),
    reader({ route, sessionRef = null, key }) {
      const to = { session: sessionRef, account: key?.account ?? '' };
      const sources = route.sources.map(({ number, at }) => ({ number, values: new JsonValues(at) }));
      return {
        read(chunk) {
          let waits: Promise<void>[] | null = null;
          for (const { number, values } of sources) {
            const ids = values.read(chunk).filter((id) => id.length <= LONGEST_SERVED);
            const given = ids.length === 0 ? undefined : state.serve({ ...to, source: number, ids });
            if (given instanceof Promise) waits = [...(waits ?? []), given];
          }
          return waits === null ? undefined : Promise.all(waits).then(() => {});
        },
      };
    },
  };
}
