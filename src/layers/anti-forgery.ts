import type { FormTokens, TokenFault, Visitor } from '../doors/anti-forgery.ts';
import { fieldValues, formTypeOf } from '../doors/form-body.ts';
import type { AntiForgeryRule } from '../guard/config-forms.ts';
import { addNote } from '../guard/context.ts';
import { PASS, refusal, type Refusal, type Verdict } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { namedMethods } from '../guard/methods.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { readCookie } from '../doors/cookies.ts';

const MISSING = refusal('anti-forgery', 'a token in a header or a form field');
const SEVERAL = refusal('anti-forgery', 'one token');
const UNREADABLE = refusal('anti-forgery', 'a form as its content type says, or the token in a header');
const BAD: Readonly<Record<Exclude<TokenFault, ''>, Refusal>> = {
  unknown: refusal('anti-forgery', 'a token that was given here, unaltered'),
  old: refusal('anti-forgery', 'a token within its life'),
  session: refusal('anti-forgery', 'a token that was given to this session, or this browser'),
  login: refusal('anti-forgery', 'a token that was given since somebody logged in or out'),
  network: refusal('anti-forgery', 'a token that was given to this network'),
};

/** Copies of the token that one request may show: header, form field, and once more by a page's own script. */
const MOST_TOKENS = 4;
const LONGEST_TOKEN = 512;

/**
 * Was this form given to whoever sends it? A token in a header or form field, never in the URL (R30), that was given to
 * this session and login, or to this browser. Where a request shows several, each must be good: which of them a
 * backend would read nobody knows. What changes nothing needs none, unless it names another method.
 */
export function createAntiForgery(tokens: FormTokens): Layer {
  return {
    name: 'anti-forgery',
    everyRule: true,
    forRoute: (route, policy) => {
      const rule = policy.antiForgery;
      if (rule === null) return null;
      const refreshes = handsCookie(route, policy, rule);
      if (!route.antiForgery && !refreshes) return null;
      return (request, context) => {
        if (context.key !== null) return PASS;
        const visitor = tokens.visitorOf(request, context);
        if (!route.antiForgery || isSafe(request)) {
          if (refreshes) refresh(tokens, rule, request, context, visitor);
          return PASS;
        }
        const asked: Asked = { tokens, rule, request, context, visitor };
        const type = formTypeOf(request.headers.contentType);
        const verdict = type === null ? judge(asked, inHeaders(request, rule)) : withBody(asked, type);
        return verdict instanceof Promise ? verdict.then((made) => told(asked, made)) : told(asked, verdict);
      };
    },
  };
}

interface Asked {
  readonly tokens: FormTokens;
  readonly rule: AntiForgeryRule;
  readonly request: RequestView;
  readonly context: Context;
  readonly visitor: Visitor;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const NO_METHODS: ReadonlySet<string> = new Set();

const isSafe = (request: RequestView): boolean =>
  SAFE.has(request.method) && namedMethods(request, NO_METHODS).length === 0;

function inHeaders({ fields }: RequestView, { headers }: AntiForgeryRule): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (headers.includes(fields[i]?.toLowerCase() ?? '')) found.push(fields[i + 1] ?? '');
  }
  return found;
}

async function withBody(asked: Asked, type: NonNullable<ReturnType<typeof formTypeOf>>): Promise<Verdict> {
  const { request, rule, context } = asked;
  const shown = inHeaders(request, rule);
  const body = await context.content.read();
  // Too long to look into, or of unknown length: such forms show their token in a header.
  if (body === null) return judge(asked, shown);
  const values = fieldValues(body, type, request.headers.contentType, rule.field);
  return values === null ? UNREADABLE : judge(asked, [...shown, ...values]);
}

function judge({ tokens, rule, context, visitor }: Asked, shown: readonly string[]): Verdict {
  if (shown.length === 0) return MISSING;
  if (shown.length > MOST_TOKENS) return SEVERAL;
  for (const token of shown) {
    const fault = token.length > LONGEST_TOKEN ? 'unknown' : tokens.check(token, visitor, rule);
    if (fault === 'network' && rule.network === 'note') addNote(context, 'the form was loaded from another network');
    else if (fault !== '') return BAD[fault];
  }
  return PASS;
}

/** With a refusal comes what the next attempt needs: nobody but a page of this origin can read it. */
function told({ tokens, rule, context, visitor }: Asked, verdict: Verdict): Verdict {
  if (verdict !== PASS && rule.cookie !== '') hand(context, tokens.issue(visitor, rule).cookies);
  return verdict;
}

/** Whether answers of this route may bring the cookie that scripts read: never where a shared cache could keep it. */
function handsCookie({ level, mode, unlisted }: RouteRule, policy: Policy, rule: AntiForgeryRule): boolean {
  if (rule.cookie === '' || unlisted || mode !== 'enforce' || policy.mode !== 'enforce') return false;
  return level === 'session' || level === 'proof';
}

/** A page that goes on after a login needs the token of the new session before its next call. */
function refresh(
  tokens: FormTokens,
  rule: AntiForgeryRule,
  request: RequestView,
  context: Context,
  visitor: Visitor,
): void {
  const held = readCookie(request.headers.cookie, rule.cookie);
  if (held === '' || held.length > LONGEST_TOKEN) return;
  const fault = tokens.check(held, visitor, rule);
  if (fault === 'session' || fault === 'login' || fault === 'old') hand(context, tokens.issue(visitor, rule).cookies);
}

function hand(context: Context, cookies: readonly string[]): void {
  context.responseFields = [...context.responseFields, ...cookies.flatMap((cookie) => ['set-cookie', cookie])];
}
