import { createCedar } from './cedar.ts';
import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import type { UserRule } from '../guard/policy.ts';

const LOGIN = refusal('login-required', 'a person who is logged in');
const ROLE = refusal('forbidden', 'a person with one of the route’s roles');
const SCOPE = refusal('forbidden', 'a person with all of the route’s scopes');
const KEY_SCOPE = refusal('forbidden', 'a key with all of the route’s scopes');
const NOT_PERMITTED = refusal('forbidden', 'a policy that permits this, and none that forbids it');

/**
 * May they? Roles, scopes and policies: everything that can be told from the request alone. Comes after the layers that
 * say who is calling, so that 401 goes before 403 (docs/protocol.md §5.1). A person needs one of the roles and all of
 * the scopes; a key has no roles and stands by its scopes.
 */
export const authorization: Layer = {
  name: 'authorization',
  everyRule: true,
  forRoute: ({ user, pattern }, policy) => {
    if (user === null || (user.roles.length === 0 && user.scopes.length === 0 && user.cedar === null)) return null;
    const { cedar } = user;
    const config = policy.config.authorization?.cedar;
    if (cedar === null) return (_request, context) => byList(user, context);
    // Without policies there is nothing that permits.
    if (config === undefined) return () => NOT_PERMITTED;
    const permits: Check = createCedar(config).checkFor(cedar, pattern, NOT_PERMITTED);
    return (request, context) => {
      const verdict = byList(user, context);
      return verdict === PASS ? permits(request, context) : verdict;
    };
  },
};

/** Both where a request shows both: a key lends a person nothing, nor a person a key. */
function byList({ roles, scopes }: UserRule, context: Context): Pass | Refusal {
  const { subject, key } = context;
  if (subject === null && key === null) return LOGIN;
  if (key !== null && !hasAll(key.scopes, scopes)) return KEY_SCOPE;
  if (subject === null) return PASS;
  if (roles.length > 0 && !roles.some((role) => subject.roles.includes(role))) return ROLE;
  return hasAll(subject.scopes, scopes) ? PASS : SCOPE;
}

const hasAll = (held: readonly string[], asked: readonly string[]): boolean =>
  asked.every((scope) => held.includes(scope));
