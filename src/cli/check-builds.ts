import { toKey } from '../doors/secret.ts';
import type { BuildFigures } from '../guard/guard.ts';
import type { Policy } from '../guard/policy.ts';

/** Which builds of the page's script are taken, for how long, and who goes round them; nothing where there is one script. */
export async function describeBuilds(
  policy: Policy,
  secret = process.env['SALLYPORT_SECRET'] ?? '',
): Promise<string[]> {
  const { builds, config } = policy;
  if (builds === null) return [];
  const made = await makeOne(policy, secret);
  const decoys = config.decoys?.length ?? 0;
  return [
    'a speed bump: whoever copies the script by hand does it again for each build; whoever runs it need not care',
    builds.each === 'hour'
      ? `another build each hour; each opens the second door for ${builds.live} hours, pages that are older get the present one by themselves`
      : 'another build with each release; pages that are older get the present one by themselves',
    ...(builds.also.length > 0 ? [`taken as well: ${builds.also.join(', ')}`] : []),
    shownBuild(made, secret !== ''),
    ...(decoys > 0 ? ['the addresses of decoys stand in it, and nothing uses them'] : []),
    ...(builds.each === 'hour'
      ? [
          'to an app with a service worker each build is another version of it, each hour; for such an app write release',
        ]
      : []),
    ...[...builds.plain].map((client) => `goes round it: client ${client} may enter in the protocol’s own names`),
  ];
}

/** As the gate would, whose clock and secret decide what it is called. */
async function makeOne(policy: Policy, given: string): Promise<BuildFigures> {
  const { openBuilds } = await import('../builds/open.ts');
  if (policy.builds === null) throw new TypeError('there are no builds');
  const builds = await openBuilds({ secret: toKey(given), rule: policy.builds, wall: Date.now });
  try {
    builds.scriptFor(policy);
    await builds.ready();
    return builds.figures();
  } finally {
    builds.close();
  }
}

/** What the banner says, too. */
export function shownBuild({ id, ms, bytes }: BuildFigures, named = true): string {
  const which = named ? `build ${id}` : 'a build (SALLYPORT_SECRET says which)';
  return `${which}: ${bytes} bytes after gzip in every page, made in ${(ms / 1000).toFixed(1)} s`;
}
