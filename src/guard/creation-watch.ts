import type { Creations } from './creator.ts';
import { LONGEST_ID } from './creator.ts';
import type { Decision } from './decision.ts';
import { toName, valuesAt } from './json-path.ts';
import { compileParams } from './params.ts';
import type { Policy } from './policy.ts';
import type { RequestView } from './view.ts';

/** Remembers who created what, by the answers of the backend. Whoever forwards calls asks it. */
export interface CreationWatch {
  /** Whether the answer to this call may name an object whose creator is to be known. */
  takes(decision: Decision): boolean;
  /** Reads the answer's whole body. What cannot be read names nothing. Rejects where records cannot be reached. */
  record(decision: Decision, status: number, body: Uint8Array): Promise<void>;
  /**
   * Forgets who created what this call has deleted: backends give ids again, and who had the old object has no say over
   * the new one. Undefined where there is nothing to forget; never rejects.
   */
  forget(request: RequestView, decision: Decision, status: number): Promise<void> | undefined;
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
    forget({ method, path }, { route }, status) {
      const rule = route.user?.creator ?? null;
      if (rule === null || method !== 'DELETE' || status < 200 || status > 299) return undefined;
      const params = compileParams(route.pattern)(path);
      const id = params === null ? '' : rule.idIn(params);
      return id === '' || id.length > LONGEST_ID ? undefined : forgotten(creations, rule.of, id);
    },
  };
}

/** It is gone, whatever becomes of its creator's name. */
async function forgotten(creations: Creations, of: string, id: string): Promise<void> {
  try {
    await creations.forget(of, id);
  } catch {
    // Records that cannot be written now keep a name that helps nobody while the id does not come again.
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
