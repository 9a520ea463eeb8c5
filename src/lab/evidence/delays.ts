import { ConfigError } from '../../guard/errors.ts';
import { type CopiesReport, measureCopies } from '../copies.ts';
import { NO_BROWSER, NotRun } from '../not-run.ts';
import { measureSeen, type SeenReport } from '../seen.ts';

/** By how much builds and sealed calls delay whoever copies an app: measured at apps of the lab's own, whatever is attacked. Plain JSON. */
export interface DelaysReport {
  readonly builds: Measured<CopiesReport>;
  readonly sealed: Measured<SeenReport>;
}

/** What was measured, or why it was not. */
export type Measured<T> = { readonly found: T; readonly why: '' } | { readonly found: null; readonly why: string };

/** Makes a build, and has a browser look for calls. `chromium` is a browser's path; null for none, undefined for the system's. */
export async function measureDelays(chromium: string | null | undefined): Promise<DelaysReport> {
  const builds = await orWhy(measureCopies);
  const sealed = await orWhy(() => {
    if (chromium === null) throw new NotRun(NO_BROWSER);
    return measureSeen(chromium);
  });
  return { builds, sealed };
}

/** What a machine lacks is no fault of a run that takes minutes. */
async function orWhy<T>(measure: () => Promise<T>): Promise<Measured<T>> {
  try {
    return { found: await measure(), why: '' };
  } catch (error) {
    if (error instanceof NotRun) return { found: null, why: error.message };
    if (error instanceof ConfigError) return { found: null, why: error.problems.map(({ rule }) => rule).join('; ') };
    throw error;
  }
}
