import { type Decision, type Refusal, refusal } from '../decision.ts';
import type { bothOf } from '../methods.ts';
import { routeShare } from '../pipeline.ts';
import type { Policy, RouteRule } from '../policy.ts';
import { isOtherSpelling } from '../rows.ts';
import type { RequestView } from '../view.ts';
import { bodyKindOf, type Scan, scanOf } from './scan.ts';

const UNREADABLE = refusal('content-type', 'a body that is not compressed, in UTF-8, of a type as browsers write it');
const BROKEN = refusal('schema', 'a form as its content type says');

/** How the rules of other methods are found for a request whose body may name them. */
export interface FormRules {
  readonly policy: Policy;
  /** Methods that rows of the configuration name, without POST. */
  readonly methods: readonly string[];
  readonly both: typeof bothOf;
  /** Rules by method. */
  siblingsOf(request: RequestView, rule: RouteRule): Siblings;
}

/**
 * What `_method` in the body of a POST could step around: frameworks (Rails, Laravel, Symfony, Phoenix, Express) serve such
 * a request as the method that a form or JSON names there.
 */
export interface FormQuestion {
  /** Buckets that any of the rules in question is enforced for. */
  readonly share: number;
  /** Looks through the body that is there; the rule under which it falls, or why nobody can tell. */
  inBody(body: Uint8Array): RouteRule | Refusal;
  /** Begins to look through a body that is still to come. */
  begin(): FormReading | Refusal;
}

/** A body on its way. */
export interface FormReading {
  /** Null while nothing new is known; then the rule under which the request falls, or why nobody can tell. */
  write(bytes: Uint8Array): RouteRule | Refusal | null;
  end(): Refusal | null;
}

/**
 * Null for all requests whose body names no method that matters: no POST, no form or JSON, or no route of the
 * configuration that asks for something else at the same address. Only those are looked through.
 */
export function formQuestion(rules: FormRules, request: RequestView, rule: RouteRule): FormQuestion | null {
  if (request.method !== 'POST' || request.body.length === 0 || rules.methods.length === 0) return null;
  // Refused whatever it holds.
  if (rule.unlisted) return null;
  const siblings = rules.siblingsOf(request, rule);
  if (siblings.size === 0) return null;
  const kind = bodyKindOf(request.headers.contentType);
  if (kind === null) return null;
  const wanted: ReadonlySet<string> = new Set(siblings.keys());
  const ruleOf = (found: ReadonlySet<string>): RouteRule =>
    [...found].reduce((joined, method) => rules.both(siblings.get(method) ?? joined, joined), rule);
  const begin = (): FormReading | Refusal => {
    const found = new Set<string>();
    const scan = scanOf(request, kind, wanted, found);
    return scan === null ? UNREADABLE : read(scan, found, ruleOf);
  };
  return {
    share: Math.max(...[...siblings.values()].map((sibling) => routeShare(rules.policy, sibling))),
    begin,
    inBody(body) {
      const reading = begin();
      if ('kind' in reading) return reading;
      const read = reading.write(body) ?? rule;
      return 'kind' in read ? read : (reading.end() ?? read);
    },
  };
}

function read(scan: Scan, found: ReadonlySet<string>, ruleOf: (found: ReadonlySet<string>) => RouteRule): FormReading {
  return {
    write(bytes) {
      const known = found.size;
      if (!scan.write(bytes)) return BROKEN;
      return found.size === known ? null : ruleOf(found);
    },
    end: () => (scan.end() ? null : BROKEN),
  };
}

type Siblings = ReadonlyMap<string, RouteRule>;

/** Raw paths whose siblings are remembered, and how long they may be; the table starts anew when it is full. */
const REMEMBERED_PATHS = 4096;
const LONGEST_REMEMBERED = 256;

/** What other methods of the same address ask, by rule and path: nearly always nothing, and soon known. */
export function createSiblings(rules: Omit<FormRules, 'siblingsOf'>): FormRules['siblingsOf'] {
  let known = new Map<string, { readonly rule: RouteRule; readonly siblings: Siblings }>();
  return (request, rule) => {
    const before = known.get(request.path);
    if (before?.rule === rule) return before.siblings;
    const siblings = findSiblings(rules, request, rule);
    if (request.path.length > LONGEST_REMEMBERED) return siblings;
    if (known.size >= REMEMBERED_PATHS) known = new Map();
    // A copy: the path was cut out of a target, and would keep all of its query alive.
    known.set(Buffer.from(request.path).toString(), { rule, siblings });
    return siblings;
  };
}

/** Rules of the configuration for other methods of the same address that ask for something else. */
function findSiblings(rules: Omit<FormRules, 'siblingsOf'>, { path, folded }: RequestView, rule: RouteRule): Siblings {
  const siblings = new Map<string, RouteRule>();
  for (const method of rules.methods) {
    const sibling = rules.policy.match(method, path, folded);
    if (sibling === rule || !(sibling.named || isOtherSpelling(sibling))) continue;
    if (rules.both(sibling, rule) !== rule) siblings.set(method, sibling);
  }
  return siblings;
}

/** A body that goes on to the backend while it is looked through. Who forwards it asks for every piece. */
export interface FormWatch {
  /**
   * Null where these bytes may go on. Else they name a method whose rule has to be asked first: the decision that refuses,
   * or null where the caller may do that, too.
   */
  write(bytes: Uint8Array): Promise<Decision | null> | null;
  end(): Promise<Decision | null> | null;
}
