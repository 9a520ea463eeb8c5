import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the servers run: the package as it is published, or its sources where it does not build. */
export interface Form {
  readonly name: 'built' | 'sources';
  /** Flags for node. */
  readonly flags: readonly string[];
}

const SOURCES: Form = { name: 'sources', flags: ['--conditions=@sallyport/source'] };
const BUILT: Form = { name: 'built', flags: [] };

/** Builds the package, because that is what people start; `sources` leaves that out. */
export function prepareForm(sources: boolean): Form {
  if (sources) return SOURCES;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: 'ignore' });
  return status === 0 ? BUILT : SOURCES;
}
