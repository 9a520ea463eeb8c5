import type { Decision, Refusal } from '../decision.ts';
import type { RouteRule } from '../policy.ts';
import type { FormReading, FormWatch } from './question.ts';

/**
 * Looks through a body on its way to the backend: what it names is judged before the bytes that name it go on.
 *
 * @param judge null where the request may go on
 */
export function watchForm(
  reading: FormReading,
  judge: (found: RouteRule | Refusal) => Promise<Decision | null>,
): FormWatch {
  let over = false;
  const ask = (found: RouteRule | Refusal | null): Promise<Decision | null> | null => {
    if (found === null) return null;
    over ||= 'kind' in found;
    return judge(found);
  };
  return {
    write: (bytes) => (over ? null : ask(reading.write(bytes))),
    end: () => (over ? null : ask(reading.end())),
  };
}
