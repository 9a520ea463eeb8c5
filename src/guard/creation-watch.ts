import type { Creations } from './creator.ts';
import { LONGEST_ID } from './creator.ts';
import type { Decision } from './decision.ts';
import { toName, valuesAt } from './json-path.ts';
import type { Policy } from './policy.ts';

/** Remembers who created what, by the answers of the backend. Whoever forwards calls asks it. */
export interface CreationWatch {
  /** Whether the answer to this call may name an object whose creator is to be known. */
  takes(decision: Decision): boolean;
  /** Reads the answer's whole body. What cannot be read names nothing. Rejects where records cannot be reached. */
  record(decision: Decision, status: number, body: Uint8Array): Promise<void>;
}

/** Longest answer that is read: an object that was just made, not a list. */
export const LONGEST_CREATION = 64 * 1024;

const CREATED = 201;

export function createCreationWatch(policy: () => Policy, creations: Creations): CreationWatch {
  return {
    takes: ({ route, subject, trail }) => subject !== null && trail.length === 0 && policy().creations.has(route.name),
    async record({ route, subject }, status, body) {
      const paths = policy().creations.get(route.name);
      if (subject === null || paths === undefined || status < 200 || status > 299) return;
      const answer = parse(body);
      for (const at of paths) {
        const [id = ''] = valuesAt(answer, at).map(toName);
        if (id === '' || id.length > LONGEST_ID) continue;
        await creations.record({ of: route.name, id, subject, keepsFirst: status !== CREATED });
      }
    },
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
