import { whyNot } from '../guard/config-sealed.ts';
import type { Policy } from '../guard/policy.ts';
import { isOtherSpelling } from '../guard/rows.ts';

/** Which calls come sealed, and why the others do not. Nothing where none do. */
export function describeSealed({ seals, routes, config }: Policy): string[] {
  if (!seals) return [];
  const judged = routes.filter((rule) => rule.level !== 'open' && rule.decoy === '' && !isOtherSpelling(rule));
  const sealed = judged.filter((rule) => rule.sealed && !rule.unlisted).map(({ name }) => name);
  const open = judged
    .filter((rule) => rule.named && !rule.sealed)
    .map(({ name }) => {
      const route = config.routes?.find(({ match }) => match === name);
      return `${name} (${(route && whyNot(route)) || 'sealed is false'})`;
    });
  return [
    'a speed bump for whoever copies the app, and no defence: code in the page, and the app’s own bundle, name every endpoint',
    `sealed, 1 MiB at most: ${sealed.join(' · ') || 'none'}; there everything else is refused: sockets, images, forms, navigations, synchronous XMLHttpRequest, larger bodies`,
    ...(open.length === 0 ? [] : [`as they are: ${open.join(' · ')}`]),
  ];
}
