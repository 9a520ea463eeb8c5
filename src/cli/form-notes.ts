import { bothOf, stricterOf } from '../guard/methods.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { foldPath } from '../wire/fold.ts';

const CHANGING = ['PUT', 'PATCH', 'DELETE'];
const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** What comes of methods that the body of a POST names, as Rails, Laravel, Symfony and others take them, and what is left. */
export function formNotes(policy: Policy): string[] {
  return [...heldNotes(policy), ...policy.routes.flatMap((rule) => leftNotes(rule, policy))];
}

/** Routes whose rule a form at the same address has to meet as well. */
function heldNotes(policy: Policy): string[] {
  const held = new Map<string, string[]>();
  for (const rule of policy.routes) {
    if (!rule.named || !CHANGING.includes(rule.method)) continue;
    const post = ruleAt(policy, 'POST', rule.pattern);
    if (post === rule || post.unlisted || bothOf(rule, post) === post) continue;
    held.set(post.name, [...(held.get(post.name) ?? []), rule.name]);
  }
  return [...held].map(
    ([post, rules]) =>
      `${post}: a form or JSON body that names another method in _method has to meet that method’s rule as well (${rules.join(', ')}); compressed ones are refused there`,
  );
}

/** Methods that no route names: what a POST asks for is all that a form which names them has to meet. */
function leftNotes(rule: RouteRule, policy: Policy): string[] {
  const takesForms = rule.carriers.has('form') || rule.contentTypes.some((type) => FORMS.includes(type));
  if (rule.method !== 'POST' || (rule.level !== 'open' && !takesForms)) return [];
  const asksMore = CHANGING.filter((method) => {
    const other = ruleAt(policy, method, rule.pattern);
    return !other.named && stricterOf(other, rule) !== rule;
  });
  if (asksMore.length === 0) return [];
  return [
    `${rule.name}: asks for less than ${asksMore.join(', ')} of the same path, which no route names; a backend that takes the method from a form’s _method field serves those here: list them under routes`,
  ];
}

/** The rule for some path that a pattern fits. */
function ruleAt(policy: Policy, method: string, pattern: string): RouteRule {
  const path = pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'x');
  return policy.match(method, path, foldPath(path));
}
