import type { Builds } from '../builds/open.ts';
import type { Make } from '../builds/shelf.ts';
import { compileBuilds } from '../guard/config-builds.ts';
import type { Ground } from './ground.ts';

/** Builds of the page's script; null where the configuration asks for none, and then nothing of them is loaded. */
export async function openBuildsFor(
  { config, secret, clock }: Ground,
  make: Make | undefined,
  opened: AsyncDisposableStack,
): Promise<Builds | null> {
  const rule = compileBuilds(config.builds);
  if (rule === null) return null;
  const { openBuilds } = await import('../builds/open.ts');
  const builds = await openBuilds({ secret, rule, wall: clock.wall, ...(make && { make }) });
  opened.defer(builds.close);
  return builds;
}
