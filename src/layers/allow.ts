import { brokenBy, folded, type ChoiceRule, NO_CHOICES } from '../guard/choices.ts';
import { PASS, refusal, type Verdict } from '../guard/decision.ts';
import { readJsonObject } from '../guard/json-body.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';

const NOT_JSON = refusal('schema', 'a JSON object in UTF-8 of at most 64 KiB, no member of it named twice');
const CHOSEN = refusal('schema', 'what the route’s `allow` lets the client choose');
const IN_QUERY = refusal('schema', 'no field of the route’s `allow` in the query');

/** What of a name the client is told at most. */
const LONGEST_NAMED = 200;

/**
 * What the client may choose: the model, how long the answer gets, whether it writes the system's part. Asked before
 * anything is counted or reserved; what is judged here is what the backend gets, byte for byte.
 */
export const allow: Layer = {
  name: 'allow',
  forRoute: ({ choices }) => {
    if (choices === NO_CHOICES) return null;
    const names = new Set(choices.flatMap(({ path }) => [folded(path[0] ?? ''), folded(path.join('.'))]));
    return (request, context) => {
      const inQuery = namedIn(request, names);
      if (inQuery === null) return judged(choices, request, context);
      context.field = `?${inQuery}`.slice(0, LONGEST_NAMED);
      return IN_QUERY;
    };
  },
};

async function judged(choices: readonly ChoiceRule[], request: RequestView, context: Context): Promise<Verdict> {
  const body = await readJsonObject(request, context.content);
  if (body === null) return NOT_JSON;
  for (const rule of choices) {
    const broken = brokenBy(rule, body);
    if (broken === '') continue;
    context.evidence = `${rule.path.join('.')} ${broken}`;
    context.field = rule.path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return CHOSEN;
  }
  return PASS;
}

/** The first listed name in the query: backends that put query and body together (Rails, PHP’s $_REQUEST) would take it from there. */
function namedIn({ query }: RequestView, names: ReadonlySet<string>): string | null {
  if (query === '') return null;
  for (const name of new URLSearchParams(query.replaceAll(';', '&')).keys()) {
    if (names.has(folded(name.replace(/\[.*$/s, '')))) return name;
  }
  return null;
}
