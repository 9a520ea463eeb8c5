import type { Identify, IdentifyRequest, IdentifiedSubject } from '../guard/config-login.ts';
import { type Refusal, refusal } from '../guard/decision.ts';
import type { Context } from '../guard/layer.ts';
import type { Subject, SubjectReader } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import { within } from '../lib/within.ts';

const UNSURE = refusal('unsure', 'an answer of login.identify: a subject or null, within 5 s');

const PATIENCE_MS = 5000;
/** Of what is open the app's own code is not asked oftener. */
const AGAIN_MS = 4000;
const NONE: readonly string[] = Object.freeze([]);

/** What the app's own code knows of who is calling. Whatever it does but answer well refuses. */
export function createHookReader(identify: Identify, patienceMs = PATIENCE_MS): SubjectReader {
  const failed = (error: unknown, context: Context): Refusal => {
    context.evidence = `login.identify: ${error instanceof Error ? error.name : 'a throw'}`;
    return UNSURE;
  };
  const judge = (answer: unknown, context: Context): Subject | Refusal | null => {
    if (answer === null) return null;
    const subject = toSubject(answer);
    if (subject !== null) return subject;
    context.evidence = 'login.identify: neither a subject nor null';
    return UNSURE;
  };
  const read: SubjectReader['read'] = (request, context) => {
    try {
      const answer = identify(toIdentifyRequest(request, context));
      if (!isPromise(answer)) return judge(answer, context);
      return within(answer, patienceMs).then(
        (late) => judge(late, context),
        (error) => failed(error, context),
      );
    } catch (error) {
      return failed(error, context);
    }
  };
  const asked = new WeakMap<Context, number>();
  return {
    read,
    again(request, context) {
      const last = asked.get(context);
      if (last === undefined || context.now - last >= AGAIN_MS) asked.set(context, context.now);
      return last === undefined || context.now - last < AGAIN_MS ? context.subject : read(request, context);
    },
  };
}

function toIdentifyRequest({ method, path, query, fields }: RequestView, { authority }: Context): IdentifyRequest {
  return { method, path, query, authority, header: (name) => onlyValue(fields, name.toLowerCase()) };
}

/** Of a field that came twice nobody can say which the backend would read. */
function onlyValue(fields: readonly string[], name: string): string {
  let value: string | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== name) continue;
    if (value !== null) return '';
    value = fields[i + 1] ?? '';
  }
  return value ?? '';
}

/** A frozen copy; null where anything in it is not as it has to be. `undefined` is no answer: a forgotten return. */
function toSubject(answer: unknown): Subject | null {
  if (answer === null || typeof answer !== 'object' || Array.isArray(answer)) return null;
  const given: Partial<Record<keyof IdentifiedSubject, unknown>> = answer;
  const { id, roles = NONE, scopes = NONE, acr = '', amr = NONE, authTime = 0, claims = {} } = given;
  if (typeof id !== 'string' || id === '' || id.length > 255 || typeof acr !== 'string') return null;
  if (!isTexts(roles) || !isTexts(scopes) || !isTexts(amr)) return null;
  if (typeof authTime !== 'number' || !(authTime >= 0) || !Number.isFinite(authTime)) return null;
  if (!isRecord(claims)) return null;
  return Object.freeze({
    id,
    source: 'hook',
    roles: [...roles],
    scopes: [...scopes],
    acr,
    amr: [...amr],
    authTime,
    claims: { ...claims },
  });
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const isPromise = (answer: unknown): answer is PromiseLike<unknown> =>
  answer !== null && typeof answer === 'object' && 'then' in answer && typeof answer.then === 'function';
