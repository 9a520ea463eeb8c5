import { type Creations, type CreatorRule, toId } from './creator.ts';
import type { Decision } from './decision.ts';
import { toName, valuesAt } from './json-path.ts';
import type { Policy } from './policy.ts';
import type { RequestView } from './view.ts';

/** Remembers who created what, by the answers of the backend. Whoever forwards calls asks it. Nothing here rejects. */
export interface CreationWatch {
  /** Whether the answer to this call may name an object whose creator is to be known. */
  takes(decision: Decision): boolean;
  /** Whether it matters what the backend answers, although the client that asked may have left. */
  awaits(request: RequestView, decision: Decision): boolean;
  /** Keeps whose the object is that this answer names, if it names one. */
  record(decision: Decision, answer: CreatedAnswer): Promise<void>;
  /**
   * Forgets who created what this call has deleted: backends give ids again, and who had the old object has no say over
   * the new one. Undefined where there is nothing to forget.
   */
  forget(request: RequestView, decision: Decision, status: number): Promise<void> | undefined;
  /** Called where records could not take or give up a creator; the answer goes out all the same. */
  onFault(listener: (fault: CreationFault) => void): void;
}

export interface CreatedAnswer {
  readonly status: number;
  /** Value of Location as the client gets it; '' without one. */
  readonly location: string;
  /** All of it where it is JSON; else empty. */
  readonly body: Uint8Array;
}

export interface CreationFault {
  /** `record`: the object belongs to nobody. `forget`: it is gone, and its id still has a creator. */
  readonly act: 'record' | 'forget';
  readonly route: string;
  /** The decision's. */
  readonly id: string;
  readonly error: unknown;
}

/** Longest answer that is read: an object that was just made, not a list. */
export const LONGEST_CREATION = 64 * 1024;

const CREATED = 201;
/** What a DELETE is answered where the object is not there any more. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

export function createCreationWatch(policy: () => Policy, creations: Creations): CreationWatch {
  const listeners: ((fault: CreationFault) => void)[] = [];
  const attempt = async (act: CreationFault['act'], { route, id }: Decision, write: () => unknown): Promise<void> => {
    try {
      await write();
    } catch (error) {
      for (const listener of listeners) listener({ act, route: route.name, id, error });
    }
  };
  const takes = ({ route, subject, trail }: Decision): boolean =>
    subject !== null && trail.length === 0 && policy().creations.has(route.name);
  return {
    takes,
    awaits: ({ method }, decision) => takes(decision) || (method === 'DELETE' && ruleOf(decision) !== null),
    async record(decision, answer) {
      const { route, subject } = decision;
      const rules = policy().creations.get(route.name);
      if (subject === null || rules === undefined || !succeeded(answer.status)) return;
      const keepsFirst = answer.status !== CREATED;
      for (const id of idsIn(decision, rules, answer))
        await attempt('record', decision, () => creations.record({ of: route.name, id, subject, keepsFirst }));
    },
    forget({ method, path }, decision, status) {
      const rule = ruleOf(decision);
      if (rule === null || method !== 'DELETE' || !isGone(decision, status)) return undefined;
      const id = rule.idIn(path);
      return id === '' ? undefined : attempt('forget', decision, () => creations.forget(rule.of, id));
    },
    onFault: (listener) => void listeners.push(listener),
  };
}

const ruleOf = ({ route }: Decision): CreatorRule | null => route.user?.creator ?? null;

const succeeded = (status: number): boolean => status >= 200 && status <= 299;

/** A 404 counts where its creator asked: to others a backend may deny what is there. */
const isGone = ({ subject, trail }: Decision, status: number): boolean =>
  succeeded(status) || (GONE.has(status) && subject !== null && trail.length === 0);

/** What the answer says, each rule in its way: in its JSON, or where that names nothing, by the new object's address. */
function idsIn(decision: Decision, rules: readonly CreatorRule[], answer: CreatedAnswer): ReadonlySet<string> {
  const { status, location, body } = answer;
  const said = parse(body);
  const origin = `${decision.secure ? 'https' : 'http'}://${decision.authority}`;
  const ids = rules.map(({ at, idAt }) => {
    const [id = ''] = valuesAt(said, at).map(toName);
    return id === '' && status === CREATED ? idAt(location, origin) : toId(id);
  });
  return new Set(ids.filter((id) => id !== ''));
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
