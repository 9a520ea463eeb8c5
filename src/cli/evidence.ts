import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SallyportError } from '../guard/errors.ts';
import { type Comparison, compare, comparisonText, parseEvidence } from '../lab/evidence/compare.ts';
import type { Evidence } from '../lab/evidence/evidence.ts';
import { gather } from '../lab/evidence/gather.ts';
import { toHtml } from '../lab/evidence/html.ts';
import { loadPrices } from '../lab/load-prices.ts';
import { toMarkdown } from '../lab/evidence/markdown.ts';
import { toSarif } from '../lab/evidence/sarif.ts';
import { OWN_CALLS, OWN_PATH } from '../lab/evidence/settings.ts';
import { firstTable } from '../lab/evidence/text.ts';
import type { LabOptions } from '../lab/options.ts';
import { EXIT, type EvidenceFlags, type Io } from './command.ts';
import { endWhenTold } from './ending.ts';
import { forkGates } from './evidence-gates.ts';
import type { ConfigFlags } from './flags.ts';
import { loadLabFile } from './lab-file.ts';
import { shellWord } from './terminal.ts';
import { version } from './version.ts';

/** Calls and seconds without flags: a whole run in some minutes. */
const CALLS = 100;
const LAYER_CALLS = 10;
const SECONDS = 180;

/**
 * `sallyport evidence`: attacks three gates of its own and writes `sallyport-evidence.html`, `.json` and `.sarif`. Exits 0 when
 * all three are written, whatever they say; with `--compare` 1 where a figure differs and nobody knows why.
 */
export async function evidence(flags: EvidenceFlags, io: Io): Promise<number> {
  endWhenTold();
  const own = ownConfig(flags);
  const path = pathOf(flags, own);
  const prices = await loadPrices(flags.prices ?? null);
  const earlier = flags.compare === undefined ? null : await earlierRun(flags.compare);
  const folder = resolve(flags.output ?? '.');
  await mkdir(folder, { recursive: true });
  const gates = forkGates(own, path);
  let found: Evidence;
  try {
    found = await gather(gates, {
      app: own === null ? 'an app of the lab’s own' : (flags.to ?? `the backend of ${flags.config}`),
      path,
      version: version(),
      command: commandOf(flags),
      prices,
      calls: flags.calls ?? CALLS,
      seconds: flags.seconds ?? SECONDS,
      layerCalls: flags.layers === false ? 0 : (flags.layerCalls ?? LAYER_CALLS),
      delays: flags.delays !== false,
      lab: (url) => labOf(url, flags, own),
      onStep: (what) => progress(io, what),
    });
  } finally {
    gates.close();
    progress(io, '');
  }
  const files = await write(folder, found);
  if (flags.markdown !== undefined) {
    await writeFile(flags.markdown, toMarkdown(found));
    files.push(flags.markdown);
  }
  const comparison = earlier === null ? null : compare(earlier, found);
  io.terminal.out(io.json ? JSON.stringify({ ...found, comparison }, null, 2) : said(found, files, comparison));
  return comparison?.differences.some(({ reason }) => reason === '') === true ? EXIT.no : EXIT.ok;
}

function said(found: Evidence, files: readonly string[], comparison: Comparison | null): string {
  const compared = comparison === null ? [] : ['', comparisonText(comparison)];
  return [firstTable(found), `Written: ${files.join(', ')}`, ...compared].join('\n');
}

/** Read before anything is attacked: a run may write over it. */
async function earlierRun(file: string): Promise<Evidence> {
  const found = parseEvidence(await readFile(file, 'utf8').catch(() => ''));
  if (found !== null) return found;
  throw new SallyportError('usage', `--compare: ${file} is no sallyport-evidence.json of this version`);
}

/** Flags of the configuration; null for the lab's own app. */
function ownConfig({ config, to }: EvidenceFlags): ConfigFlags | null {
  if (config === undefined && to === undefined) return null;
  return {
    ...(config === undefined ? {} : { config: resolve(config) }),
    ...(to === undefined ? {} : { to }),
  };
}

function pathOf({ at }: EvidenceFlags, own: ConfigFlags | null): string {
  if (own === null && at === undefined) return OWN_PATH;
  if (own === null) throw new SallyportError('usage', '--at goes with --config or --to: the lab’s own app has its own');
  if (at?.startsWith('/') === true) return at;
  throw new SallyportError('usage', `--at: ${at ?? 'nothing'} is no path of the API to attack, as /api/posts`);
}

/** What is known of the app beside its policy: for the own one all of it, else what `sallyport.lab.ts` in this folder says. */
async function labOf(url: string, { page }: EvidenceFlags, own: ConfigFlags | null): Promise<LabOptions> {
  const known = own === null ? OWN_CALLS : await loadLabFile(url, null);
  return { ...known, ...(page === undefined ? {} : { page }) };
}

async function write(folder: string, found: Evidence): Promise<string[]> {
  const contents = {
    html: toHtml(found),
    json: `${JSON.stringify(found, null, 2)}\n`,
    sarif: `${JSON.stringify(toSarif(found), null, 2)}\n`,
  };
  const files: string[] = [];
  for (const [kind, text] of Object.entries(contents)) {
    const file = join(folder, `sallyport-evidence.${kind}`);
    await writeFile(file, text);
    files.push(file);
  }
  return files;
}

/** The command as it stands in the report: by it anybody makes its figures again. */
function commandOf({
  config,
  to,
  at,
  page,
  calls,
  layerCalls,
  layers,
  delays,
  seconds,
  prices,
}: EvidenceFlags): string {
  const words = Object.entries({ config, to, at, page, calls, 'layer-calls': layerCalls, seconds, prices })
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [`--${name}`, shellWord(String(value))]);
  const left = [...(layers === false ? ['--no-layers'] : []), ...(delays === false ? ['--no-delays'] : [])];
  return ['sallyport evidence', ...words, ...left].join(' ');
}

function progress(io: Io, what: string): void {
  if (io.json || !process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${what === '' ? '' : `${what} …`}`);
}
