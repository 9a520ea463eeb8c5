import type { RouteConfig } from './config.ts';
import { ruleNumber } from './use.ts';

/** What a client may say in one field of a JSON body. */
export interface ChoiceConfig {
  /** One of these. */
  in?: Choice[];
  /** A number of at least so much. */
  min?: number;
  /** A number of at most so much. */
  max?: number;
  /** Whether it may be left out, for the backend to choose. Default false. */
  optional?: boolean;
}

export type Choice = string | number | boolean;

/** By field, dots between the members of objects within objects. `false`: must not be there. */
export type AllowConfig = Record<string, false | Choice[] | ChoiceConfig>;

/** One field of what the client may choose. */
export interface ChoiceRule {
  readonly number: number;
  /** Members, from the outermost on. */
  readonly path: readonly string[];
  /** Null for a field that must not be there. */
  readonly values: ChoiceConfig | null;
}

/** For routes whose bodies are the client's own business. Compared by identity. */
export const NO_CHOICES: readonly ChoiceRule[] = Object.freeze([]);

export function compileChoices({ match, allow }: RouteConfig): readonly ChoiceRule[] {
  if (allow === undefined) return NO_CHOICES;
  return Object.freeze(
    Object.entries(allow).map(([field, given]) => ({
      number: ruleNumber(`${match}: allow ${field}`),
      path: field.split('.'),
      values: given === false ? null : Array.isArray(given) ? { in: given } : given,
    })),
  );
}

/** Why a body does not keep a rule, for the record; '' where it does. */
export function brokenBy(rule: ChoiceRule, body: Readonly<Record<string, unknown>>): string {
  let value: unknown = body;
  for (const [depth, name] of rule.path.entries()) {
    if (!isObject(value)) return depth === 0 ? 'is no object' : absent(rule);
    // Some parsers take other spellings of a name for it (Go: any case), and the last that comes.
    if (Object.keys(value).some((other) => other !== name && folded(other) === folded(name)))
      return 'in another spelling';
    if (!Object.hasOwn(value, name)) return absent(rule);
    value = value[name];
  }
  return rule.values === null ? 'must not be there' : brokenValue(rule.values, value);
}

const absent = ({ values }: ChoiceRule): string => (values === null || values.optional === true ? '' : 'is missing');

function brokenValue({ in: choices, min, max }: ChoiceConfig, value: unknown): string {
  if (choices !== undefined && !choices.some((choice) => choice === value)) return 'is none of the choices';
  if (min === undefined && max === undefined) return '';
  if (typeof value !== 'number') return 'is no number';
  if (min !== undefined && value < min) return 'is too small';
  return max !== undefined && value > max ? 'is too large' : '';
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const folded = (name: string): string => name.normalize('NFKC').toLowerCase().trim();
