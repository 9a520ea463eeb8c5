import { PASS, type Refusal, refusal, type Verdict } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { Fault } from '../guard/schema/engine.ts';
import { type BodyRule, type FormRule, readForm } from '../guard/schema/form.ts';
import { NO_SCHEMAS, type SchemaRule } from '../guard/schema/rule.ts';
import type { RequestView } from '../guard/view.ts';
import { parseIJson } from '../lib/i-json.ts';
import { visible } from '../lib/visible.ts';
import { PROOF_PARAMETER } from '../wire/constants.ts';

const QUERY = refusal('schema', 'a query that fits the route’s schema');
const BODY = refusal('schema', 'a body that fits the route’s schema');
const NO_BODY_HERE = refusal('schema', 'a request without a body');
const SOME_BODY = refusal('schema', 'a request with a body');
const UNKNOWN_LENGTH = refusal('schema', 'a body whose length its head declares');
const TOO_LARGE = refusal('too-large', 'a body within the route’s maxBody');
const CONTENT_TYPE = refusal('content-type', 'JSON in UTF-8, or a form where the route takes any, neither compressed');

const LONGEST_NAMED = 200;
const LONGEST_EVIDENCE = 400;

/**
 * Only content that looks as the route says: every field known, every value of its type. What is looked at is what the
 * backend gets, byte for byte. Whatever two readers could take for different things fits nothing.
 */
export const schema: Layer = {
  name: 'schema',
  forRoute: ({ schemas, maxBody }, policy) => {
    if (schemas === NO_SCHEMAS) return null;
    const token = policy.antiForgery?.field ?? '';
    return (request, context) => {
      for (const { query } of schemas) {
        const verdict = query === null ? PASS : ofQuery(query, request, context);
        if (verdict !== PASS) return verdict;
      }
      const verdict = ofHead(schemas, maxBody, request, context);
      return verdict === null ? ofBody(schemas, token, request, context) : verdict;
    };
  },
};

function ofQuery(rule: FormRule, { query }: RequestView, context: Context): Verdict {
  const reading = readForm(query.slice(1), rule.types, PROOF_PARAMETER);
  if (!reading.ok) return refuse(QUERY, [reading.fault], context, '?');
  const fault = rule.checker.check(reading.value);
  return fault === null ? PASS : refuse(QUERY, [fault, ...rule.checker.explain(reading.value)], context, '?');
}

/** What the head alone says of the body; null where it has to be looked into. */
function ofHead(
  schemas: readonly SchemaRule[],
  maxBody: number,
  request: RequestView,
  context: Context,
): Verdict | null {
  const { body, method } = request;
  const reads = method === 'GET' || method === 'HEAD';
  if (body.length === 0) return !reads && schemas.some((rule) => rule.body?.required) ? SOME_BODY : PASS;
  if (reads || schemas.some((rule) => rule.body !== null && takesNothing(rule.body))) return NO_BODY_HERE;
  if (schemas.every((rule) => rule.body === null)) return PASS;
  if (kindOf(request) === null) {
    context.evidence = visible(`Content-Type ${request.headers.contentType.slice(0, LONGEST_NAMED)}`);
    return CONTENT_TYPE;
  }
  if (body.length < 0) return UNKNOWN_LENGTH;
  return body.length > maxBody ? TOO_LARGE : null;
}

const takesNothing = ({ json, form }: BodyRule): boolean => json === null && form === null;

async function ofBody(
  schemas: readonly SchemaRule[],
  token: string,
  request: RequestView,
  context: Context,
): Promise<Verdict> {
  const bytes = await context.content.read();
  if (bytes === null) return TOO_LARGE;
  const kind = kindOf(request);
  for (const { body } of schemas) {
    if (body === null) continue;
    const rule = kind === 'json' ? body.json : body.form;
    if (rule === null) return CONTENT_TYPE;
    const verdict = 'types' in rule ? ofForm(rule, bytes, token, context) : ofJson(rule, bytes, context);
    if (verdict !== PASS) return verdict;
  }
  return PASS;
}

function ofJson(checker: NonNullable<BodyRule['json']>, bytes: Uint8Array, context: Context): Verdict {
  const parsed = parseIJson(bytes);
  if (!parsed.ok) return refuse(BODY, [parsed], context, '');
  const fault = checker.check(parsed.value);
  return fault === null ? PASS : refuse(BODY, [fault, ...checker.explain(parsed.value)], context, '');
}

function ofForm(rule: FormRule, bytes: Uint8Array, token: string, context: Context): Verdict {
  // Bytes beyond ASCII stay single ones, and are refused: forms write them as percent sequences.
  const reading = readForm(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
    rule.types,
    token,
  );
  if (!reading.ok) return refuse(BODY, [reading.fault], context, '');
  const fault = rule.checker.check(reading.value);
  return fault === null ? PASS : refuse(BODY, [fault, ...rule.checker.explain(reading.value)], context, '');
}

/** Notes what does not fit, the first for the client, a few for the record. `mark` stands before names of the query. */
function refuse(refused: Refusal, faults: readonly Fault[], context: Context, mark: '?' | ''): Refusal {
  const placeOf = ({ pointer }: Fault): string => (mark === '?' && pointer !== '' ? `?${pointer.slice(1)}` : pointer);
  const [first] = faults;
  context.field = first === undefined ? '' : placeOf(first).slice(0, LONGEST_NAMED);
  const whole = mark === '?' ? 'query' : 'body';
  const told = faults.map((fault) => `${placeOf(fault).slice(0, LONGEST_NAMED) || whole} ${fault.rule}`);
  context.evidence = visible([...new Set(told)].join('; ').slice(0, LONGEST_EVIDENCE));
  return refused;
}

const TYPE =
  /^application\/(?:(x-www-form-urlencoded)|(?:[\w.-]+\+)?json)[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

/** As what every server reads the body; null where they could differ. */
function kindOf({ headers, repeated }: RequestView): 'json' | 'form' | null {
  const encoding = headers.contentEncoding.trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity') return null;
  if (repeated.includes('content-type') || repeated.includes('content-encoding')) return null;
  const match = TYPE.exec(headers.contentType.trim());
  return match === null ? null : match[1] === undefined ? 'json' : 'form';
}
