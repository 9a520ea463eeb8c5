import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRule, EntityName } from '../guard/cedar-question.ts';
import type { CedarConfig } from '../guard/config-authorization.ts';
import { PASS, type Refusal, refusal, type Verdict } from '../guard/decision.ts';
import { ConfigError } from '../guard/errors.ts';
import type { Check, Context } from '../guard/layer.ts';
import { compileParams, type Params } from '../guard/params.ts';
import { type Subject, subjectName } from '../guard/subject.ts';
import type { KeyFacts } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import { createGenerations, type Generations } from '../lib/generations.ts';

const UNCLEAR = refusal('forbidden', 'a path whose `:names` can be told for certain');
const FAILED = refusal('unsure', 'policies that can be asked about this: the evidence names what they lack');

type Engine = typeof Cedar;

/** Policies that were read, parsed and held to their schema. */
export interface CedarPolicies {
  /** What a route asks them. `refused`: what they do not permit. */
  checkFor(question: CedarRule, pattern: string, refused: Refusal): Check;
}

const MOST_ENTITIES = 1000;
/** Answers of one generation for one route and person, and the longest path whose answer is remembered. */
const REMEMBERED = 32;
const LONGEST_REMEMBERED = 256;

/** Compiled sets by what they were made of: a reload, and each route, finds the same ones again. */
const made = new Map<string, CedarPolicies>();
const MOST_SETS = 64;

/**
 * Reads and compiles policies; the engine is loaded here, where a configuration names one.
 *
 * @throws ConfigError naming file, line and what is wrong there
 */
export function createCedar(config: CedarConfig): CedarPolicies {
  const policies = sourceOf('policies', config.policies, /\.cedar$/);
  const schema = config.schema === undefined ? null : sourceOf('schema', config.schema, /\.(?:cedarschema|json)$/);
  const entities = config.entities === undefined ? null : sourceOf('entities', config.entities, /\.json$/);
  const id = createHash('sha256')
    .update(JSON.stringify([policies.text, schema?.text, entities?.text]))
    .digest('base64url');
  const known = made.get(id);
  if (known !== undefined) return known;
  if (made.size >= MOST_SETS) made.clear();
  const compiled = compile(loadEngine(), id, policies, schema, entities);
  made.set(id, compiled);
  return compiled;
}

function loadEngine(): Engine {
  try {
    const engine: Engine = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');
    return engine;
  } catch {
    throw faulty('', '"policies"', 'the package that reads them is missing; npm install @cedar-policy/cedar-wasm');
  }
}

interface Source {
  readonly field: string;
  /** '' where the configuration holds the text itself. */
  readonly file: string;
  readonly text: string;
}

function sourceOf(name: string, value: string, isFile: RegExp): Source {
  const field = `.${name}`;
  if (value.includes('\n') || !isFile.test(value.trim())) return { field, file: '', text: value };
  try {
    return { field, file: value, text: readFileSync(value, 'utf8') };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw faulty(field, JSON.stringify(value), `this file cannot be read (${why})`);
  }
}

const faulty = (field: string, value: string, rule: string): ConfigError =>
  new ConfigError('config', [{ field: `authorization.cedar${field}`, value, rule }]);

/** `policies.cedar, line 4: found an invalid variable`. Positions are bytes. */
function complaint({ field, file, text }: Source, { message, help, sourceLocations = [] }: Cedar.DetailedError) {
  const [at] = sourceLocations;
  const line = at === undefined ? 0 : Buffer.from(text).subarray(0, at.start).toString().split('\n').length;
  const where = line === 0 ? '' : `line ${line}: `;
  const value = file === '' ? 'a text' : JSON.stringify(file);
  return faulty(field, value, `${where}${message}${help === null ? '' : ` (${help})`}`);
}

function compile(
  engine: Engine,
  id: string,
  policies: Source,
  schema: Source | null,
  entities: Source | null,
): CedarPolicies {
  const parsed = engine.preparsePolicySet(id, { staticPolicies: policies.text });
  if (parsed.type === 'failure') throw complaint(policies, first(parsed.errors));
  if (schema !== null) holdToSchema(engine, policies, schema);
  const known = entities === null ? new Map<string, Cedar.EntityJson>() : readEntities(engine, entities);
  return {
    checkFor(question, pattern, refused) {
      const paramsOf = compileParams(pattern);
      const answers = new WeakMap<Subject | KeyFacts, Generations<Verdict>>();
      const ask = (request: RequestView, context: Context): Verdict => {
        const params = paramsOf(request.path);
        if (params === null) return UNCLEAR;
        // A key and a person are asked about in turn: both have to be permitted.
        for (const principal of principals(context)) {
          const answer = engine.statefulIsAuthorized({
            principal: principal.uid,
            action: { ...question.action },
            resource: { ...question.resource(params) },
            context: toContext(request, context, params),
            preparsedPolicySetId: id,
            entities: withPrincipal(known, principal),
          });
          const trouble = troubleOf(answer);
          if (trouble !== '') {
            context.evidence = `cedar: ${trouble.slice(0, 300)}`;
            return FAILED;
          }
          if (answer.type !== 'success' || answer.response.decision !== 'allow') return refused;
        }
        return PASS;
      };
      return (request, context) => {
        const asker = context.subject === null ? context.key : context.key === null ? context.subject : null;
        if (asker === null || request.path.length > LONGEST_REMEMBERED) return ask(request, context);
        // The policies see nothing else, so that the same question has the same answer.
        const name = `${request.method} ${context.level} ${context.ticket?.client ?? ''} ${request.path}`;
        const own = answers.get(asker) ?? createGenerations<Verdict>(REMEMBERED);
        answers.set(asker, own);
        const verdict = own.get(name) ?? ask(request, context);
        if (verdict !== FAILED) own.set(name, verdict);
        return verdict;
      };
    },
  };
}

/** A policy that fails is passed over by the language, one that forbids too: nobody is admitted by that. */
function troubleOf(answer: Cedar.AuthorizationAnswer): string {
  if (answer.type === 'failure') return answer.errors[0]?.message ?? 'the question could not be asked';
  const [failed] = answer.response.diagnostics.errors;
  return failed === undefined ? '' : `${failed.policyId}: ${failed.error.message}`;
}

const first = (errors: readonly Cedar.DetailedError[]): Cedar.DetailedError =>
  errors[0] ?? { message: 'cannot be read', help: null, code: null, url: null, severity: null };

function holdToSchema(engine: Engine, policies: Source, schema: Source): void {
  const given = schema.file.endsWith('.json') ? parseJson(schema) : schema.text;
  // The engine itself says what is wrong with a schema of another shape.
  const answer = engine.validate({
    schema: given as Cedar.Schema,
    policies: { staticPolicies: policies.text },
  });
  if (answer.type === 'failure') throw complaint(schema, first(answer.errors));
  const [broken] = answer.validationErrors;
  if (broken !== undefined) throw complaint(policies, broken.error);
}

function readEntities(engine: Engine, source: Source): Map<string, Cedar.EntityJson> {
  const list = parseJson(source);
  if (!Array.isArray(list) || list.length > MOST_ENTITIES) {
    throw faulty(source.field, JSON.stringify(source.file), `write a list of at most ${MOST_ENTITIES} entities`);
  }
  const checked = engine.checkParseEntities({ entities: list });
  if (checked.type === 'failure') throw complaint({ ...source, text: '' }, first(checked.errors));
  const entities: Cedar.EntityJson[] = list;
  return new Map(entities.map((entity) => [nameOf(entity.uid), entity]));
}

function parseJson(source: Source): unknown {
  try {
    return JSON.parse(source.text);
  } catch {
    throw faulty(source.field, source.file === '' ? 'a text' : JSON.stringify(source.file), 'this is no JSON');
  }
}

const nameOf = (uid: Cedar.EntityUidJson): string => {
  const { type, id } = '__entity' in uid ? uid.__entity : uid;
  return JSON.stringify([type, id]);
};

interface Principal {
  readonly uid: { type: string; id: string };
  readonly attrs: Record<string, Cedar.CedarValueJson>;
  readonly parents: readonly EntityName[];
}

function principals({ subject, key }: Context): Principal[] {
  return [...(key === null ? [] : [ofKey(key)]), ...(subject === null ? [] : [ofPerson(subject)])];
}

function ofPerson(subject: Subject): Principal {
  const { roles, scopes, source, acr, amr, authTime, claims } = subject;
  return {
    uid: { type: 'User', id: subjectName(subject) },
    attrs: {
      id: subject.id,
      source,
      roles: [...roles],
      scopes: [...scopes],
      acr,
      amr: [...amr],
      authTime: Math.floor(authTime),
      claims: toRecord(claims),
    },
    parents: roles.map((id) => ({ type: 'Role', id })),
  };
}

function ofKey({ id, account, scopes }: KeyFacts): Principal {
  return {
    uid: { type: 'Key', id },
    attrs: { account, scopes: [...scopes] },
    parents: [{ type: 'Account', id: account }],
  };
}

/** What the configuration's entities say of the same principal is added; what was verified goes before it. */
function withPrincipal(known: ReadonlyMap<string, Cedar.EntityJson>, principal: Principal): Cedar.Entities {
  const name = nameOf(principal.uid);
  const same = known.get(name);
  const own: Cedar.EntityJson = {
    uid: principal.uid,
    attrs: { ...same?.attrs, ...principal.attrs },
    parents: [...(same?.parents ?? []), ...principal.parents.map(({ type, id }) => ({ type, id }))],
  };
  if (known.size === 0) return [own];
  return [own, ...[...known].filter(([other]) => other !== name).map(([, entity]) => entity)];
}

function toContext(request: RequestView, context: Context, { decoded }: Params): Cedar.Context {
  return {
    method: request.method,
    path: request.path,
    client: context.ticket?.client ?? '',
    level: context.level,
    params: { ...decoded },
  };
}

const DEEPEST = 5;

/** Texts, whole numbers, truth values, lists and records; what the language has no value for is left out. */
function toRecord(claims: Readonly<Record<string, unknown>>, depth = 0): Record<string, Cedar.CedarValueJson> {
  const record: Record<string, Cedar.CedarValueJson> = {};
  for (const [name, value] of Object.entries(claims)) {
    // In Cedar's JSON these two names turn a value into something else.
    if (name === '__entity' || name === '__extn' || name === '__expr') continue;
    const converted = toValue(value, depth + 1);
    if (converted !== undefined) record[name] = converted;
  }
  return record;
}

function toValue(value: unknown, depth: number): Cedar.CedarValueJson | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (value === null || typeof value !== 'object' || depth > DEEPEST) return undefined;
  if (!Array.isArray(value)) return toRecord({ ...value }, depth);
  return value.flatMap((one: unknown) => toValue(one, depth) ?? []);
}
