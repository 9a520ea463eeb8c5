import type { Code } from '../wire/codes.ts';
import type { ChallengeMember } from '../wire/challenge.ts';
import { HEADER_DECISION } from '../wire/constants.ts';

/** Name of the event that the page's global object receives for every refusal the app is handed; `detail` is a {@link SallyportError}. */
export const REFUSAL_EVENT = 'sallyport-refusal';

/** A refusal in a form that an app can show and act on. */
export class SallyportError extends Error {
  override readonly name = 'SallyportError';
  /** Stable; docs/protocol.md §5 lists them. */
  readonly code: Code;
  /** Names the decision in the gate's records: `sallyport why <id>`. */
  readonly id: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Seconds after which it may (`Retry-After`); 0 where no wait is known. */
  readonly retryAfter: number;
  /** One sentence for people; also `message`. */
  readonly detail: string;

  /** @param retryAfter value of the field `Retry-After`; null without one */
  constructor(problem: Problem, retryAfter: string | null) {
    super(problem.detail);
    this.code = problem.code;
    this.id = problem.id;
    this.retryable = problem.retryable;
    // The gate writes seconds; of a date (RFC 9110 §10.2.3), which only others would write, nothing is known.
    this.retryAfter = Number(retryAfter) || 0;
    this.detail = problem.detail;
  }
}

/** What the script reads of a problem document (RFC 9457). */
export interface Problem {
  readonly code: Code;
  readonly id: string;
  readonly retryable: boolean;
  readonly detail: string;
  /** What is to be done first, where the code is `challenge`. */
  readonly challenge?: ChallengeMember;
}

/** Whether an answer's head says that the gate, not the backend, wrote it. */
export function looksRefused(status: number, header: (name: string) => string | null): boolean {
  return status > 399 && !!header(HEADER_DECISION) && /problem\+json/i.test(`${header('content-type')}`);
}

/** The problem document in a body; null for anything else. */
export function parseProblem(text: string): Problem | null {
  try {
    const { code, id, retryable, detail, challenge } = JSON.parse(text);
    return code && id ? { code, id, retryable: !!retryable, detail: `${detail ?? code}`, challenge } : null;
  } catch {
    return null;
  }
}

/** The refusal that a response carries, or null. Leaves the response's body unread. */
export async function refusalOf(response: Response): Promise<SallyportError | null> {
  if (!looksRefused(response.status, (name) => response.headers.get(name)) || response.bodyUsed) return null;
  const problem = parseProblem(await response.clone().text());
  return problem && new SallyportError(problem, response.headers.get('retry-after'));
}
