import { createRequire } from 'node:module';
import type { ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';
import { pointerStep } from '../../lib/i-json.ts';
import { closeSchema, COUNTED, type JsonSchema, SPELT } from './close.ts';
import { compileLinear } from './pattern.ts';

/** What does not fit: where (JSON pointer, RFC 6901), and which rule. Never the value. */
export interface Fault {
  readonly pointer: string;
  readonly rule: string;
}

/** Holds values to a schema. */
export interface Checker {
  /** The first thing that does not fit; null where everything does. */
  check(value: unknown): Fault | null;
  /** The first few, for the record. */
  explain(value: unknown): readonly Fault[];
}

export interface Engine {
  /** Schemas that others refer to, as `#/components/schemas/…` of the document `name`. */
  add(name: string, schemas: Readonly<Record<string, JsonSchema | boolean>>): void;
  /**
   * Compiles a schema, closed (close.ts).
   *
   * @param base name of the document that its references go to; '' for itself
   * @throws Error saying what is wrong with the schema
   */
  compile(schema: JsonSchema | boolean, base?: string): Checker;
}

const FEW = 3;
/** So often may one value be held to what a reference names: alternatives that refer to themselves multiply. */
const MOST_REFERENCES = 100_000;
/** Longer texts are of no format. Some formats take more than time in proportion. */
const LONGEST_FORMATTED = 1024;
const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

const TOO_MUCH: Fault = Object.freeze({ pointer: '', rule: 'must not take that much work to be checked' });

class TooMuchWork extends Error {}

/** Loads what compiles schemas: only configurations that have any pay for it. */
export function createEngine(): Engine {
  const require = createRequire(import.meta.url);
  // By their types' own modules: require knows none.
  const { Ajv2020 }: typeof import('ajv/dist/2020.js') = require('ajv/dist/2020.js');
  const { fullFormats }: typeof import('ajv-formats/dist/formats.js') = require('ajv-formats/dist/formats.js');
  const linear = (): typeof import('re2js').RE2JS.compile => {
    const { RE2JS }: typeof import('re2js') = require('re2js');
    return RE2JS.compile;
  };
  const counter = { left: 0 };
  const formats = Object.fromEntries(Object.entries(fullFormats).map(([name, format]) => [name, bounded(format)]));
  const regExp = Object.assign((pattern: string) => compileLinear(pattern, linear), { code: 'compileLinear' });
  const make = (allErrors: boolean) => {
    const ajv = new Ajv2020({ ...OPTIONS, allErrors, formats, code: { regExp } });
    // The library's own takes time in proportion to the square of a list's length.
    ajv.removeKeyword('uniqueItems');
    ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: isUnique, error: UNIQUE });
    // Where documents keep their schemas.
    ajv.addKeyword('components');
    ajv.addKeyword({ keyword: COUNTED, before: '$ref', validate: () => count(counter), errors: false });
    ajv.addKeyword({ keyword: SPELT, type: 'object', compile: spelt, error: OTHER_LETTERS });
    return ajv;
  };
  const quick = make(false);
  let thorough: ReturnType<typeof make> | null = null;
  const documents: [string, JsonSchema][] = [];
  let widened = false;

  const run = (validates: readonly ValidateFunction[], value: unknown): readonly Fault[] => {
    counter.left = MOST_REFERENCES;
    try {
      const failed = validates.find((validate) => !validate(value));
      return failed === undefined ? [] : (failed.errors ?? []).map(toFault);
    } catch (error) {
      if (error instanceof TooMuchWork) return [TOO_MUCH];
      throw error;
    }
  };

  return {
    add(name, schemas) {
      // Closed where they are used: several may describe one object together.
      const closed = Object.entries(schemas).map(([key, schema]) => [key, closeSchema(schema, '', 'inside')] as const);
      widened ||= closed.some(([, one]) => one.widened);
      const written = Object.entries(schemas).map(
        ([key, schema]) => [key, closeSchema(schema, '', 'nothing').schema] as const,
      );
      documents.push([name, componentsOf(closed.map(([key, { schema }]) => [key, schema]))]);
      documents.push([plainName(name), componentsOf(written)]);
      for (const [id, document] of documents.slice(-2)) quick.addSchema(document, id);
    },
    compile(schema, base = '') {
      const forms = formsOf(schema, base, widened);
      const compiled = forms.map((form) => quick.compile(form));
      let explaining: readonly ValidateFunction[] | null = null;
      return {
        // Of alternatives none of which fits, the last error is that of their choice.
        check: (value) => run(compiled, value).at(-1) ?? null,
        explain(value) {
          if (thorough === null) {
            thorough = make(true);
            for (const [name, document] of documents) thorough.addSchema(document, name);
          }
          const { compile } = thorough;
          explaining ??= forms.map((form) => compile.call(thorough, form));
          return run(explaining, value).slice(0, FEW);
        },
      };
    },
  };
}

const OPTIONS: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  // A value has what it holds itself: `toString` is no field of it.
  ownProperties: true,
  logger: false,
};

/** What has to hold: the closed schema, and where that might take more, the one that was written. */
function formsOf(schema: JsonSchema | boolean, base: string, already: boolean): (JsonSchema | boolean)[] {
  const whole = typeof schema === 'boolean' ? schema : withoutName(schema);
  const { schema: closed, widened } = closeSchema(whole, base);
  if (!widened && (base === '' || !already)) return [closed];
  return [closed, closeSchema(whole, base === '' ? '' : plainName(base), 'nothing').schema];
}

const componentsOf = (schemas: readonly (readonly [string, unknown])[]): JsonSchema => ({
  components: { schemas: Object.fromEntries(schemas) },
});

/** Name of a document whose schemas are as they were written. */
const plainName = (name: string): string => `${name}-as-written`;

function withoutName({ $schema = DRAFT, $id, ...schema }: JsonSchema): JsonSchema {
  if (String($schema).replace(/#$/, '') !== DRAFT) throw new Error(`has another $schema than ${DRAFT}`);
  return schema;
}

function count(counter: { left: number }): boolean {
  if (--counter.left < 0) throw new TooMuchWork();
  return true;
}

type Formats = typeof import('ajv-formats/dist/formats.js')['fullFormats'];
type Format = Formats[keyof Formats];

function bounded(format: Format): Format {
  if (format instanceof RegExp) return (text: string) => text.length <= LONGEST_FORMATTED && format.test(text);
  if (typeof format === 'function') return (text: string) => text.length <= LONGEST_FORMATTED && format(text);
  return format;
}

const UNIQUE = { message: 'must NOT have duplicate items' };
const OTHER_LETTERS = { message: 'must not have a field that is a known one in other letters' };

function isUnique(asked: boolean, list: readonly unknown[]): boolean {
  return !asked || new Set(list.map(canonical)).size === list.length;
}

/** The same text for the same value, in whatever order its fields stand. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function spelt(names: readonly string[]): (value: object) => boolean {
  const exact = new Set(names);
  const folded = new Set(names.map((name) => name.toLowerCase()));
  return (value) => Object.keys(value).every((name) => exact.has(name) || !folded.has(name.toLowerCase()));
}

function toFault({ keyword, instancePath, params, message = 'must fit' }: ErrorObject): Fault {
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return {
        pointer: instancePath + pointerStep(params['additionalProperty'] ?? params['unevaluatedProperty']),
        rule: 'must not be there: no such field is known',
      };
    case 'required':
      return { pointer: instancePath + pointerStep(params['missingProperty']), rule: 'must be there' };
    case 'pattern':
      return { pointer: instancePath, rule: 'must match its pattern' };
    default:
      return { pointer: instancePath, rule: message };
  }
}
