/** One step into a JSON value: a member's name, an element's number, or `*` for all elements. */
export type JsonStep = string | number | typeof EACH;

export const EACH: unique symbol = Symbol('each');

const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,6})\]|\[(\*)\]|\['([^'\\]{1,100})'\]/y;
/** Values that one path may lead to. */
const MOST_VALUES = 10_000;

/**
 * `$.author.id`, `$[*].id`, `$['first name']`: the simplest part of JSONPath (RFC 9535).
 *
 * @throws TypeError for anything else
 */
export function parseJsonPath(text: string): readonly JsonStep[] {
  const trouble = `${JSON.stringify(text)} is no path: write it as in $.author.id or $[*].id`;
  if (!text.startsWith('$') || text.length > 500) throw new TypeError(trouble);
  const steps: JsonStep[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (found === null) throw new TypeError(trouble);
    const [, name, index, each, quoted] = found;
    steps.push(each !== undefined ? EACH : index !== undefined ? Number(index) : (name ?? quoted ?? ''));
  }
  return steps;
}

/** What stands at a path, in order; at most 10,000 values. Own members alone: nothing that every object has. */
export function valuesAt(value: unknown, steps: readonly JsonStep[]): readonly unknown[] {
  let values: unknown[] = [value];
  for (const step of steps) {
    values = values.flatMap((one) => into(one, step));
    if (values.length > MOST_VALUES) values.length = MOST_VALUES;
  }
  return values;
}

function into(value: unknown, step: JsonStep): readonly unknown[] {
  if (step === EACH) return Array.isArray(value) ? value : [];
  if (typeof step === 'number') return Array.isArray(value) && step < value.length ? [value[step]] : [];
  if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, step)) return [];
  return [Reflect.get(value, step)];
}

/** A text or whole number as text; '' for everything else, which names nobody. */
export function toName(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : '';
}
