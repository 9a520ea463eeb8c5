import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { compilePolicy } from '../guard/compile.ts';
import type { Config } from '../guard/config.ts';
import { parseConfig } from '../guard/config-schema.ts';
import { ConfigError, SallyportError } from '../guard/errors.ts';
import { callsIn } from '../learning/documents.ts';
import { editConfig, type Edited, NotEditable } from '../learning/edit.ts';
import { type Learned, learn as learnFrom } from '../learning/learn.ts';
import { createMarks } from '../learning/marks.ts';
import type { Source } from '../learning/observation.ts';
import { type Documents, NO_DOCUMENT } from '../learning/proposal.ts';
import { createKeeping } from '../learning/readers/kept.ts';
import { formatOf, openSource } from '../learning/readers/open.ts';
import { type Tried, tryProposal } from '../learning/tried.ts';
import { createVisitors } from '../learning/visitors.ts';
import { foldPath } from '../wire/fold.ts';
import { EXIT, type Io, present } from './command.ts';
import { type ConfigFlags, loadConfig, type LoadedConfig } from './flags.ts';
import { layersToAsk } from './layers.ts';
import { keepMemoryLow } from './lean.ts';
import { comment, formatLearn, type LearnReport } from './learn-format.ts';
import { watchGate, type Watched, type WatchFlags } from './learn-gate.ts';
import { loadConfigFile } from './load-config.ts';
import { createProgress } from './progress.ts';

export interface LearnFlags extends ConfigFlags {
  write?: boolean;
  /** Watch the running gate; `for` says how long, in seconds. */
  fromGate?: boolean;
  for?: number;
}

/**
 * `sallyport learn`: proposes a policy by what traffic shows, as a diff of the configuration. Exits 0 where there is a proposal
 * that can be used (with `--write`: where it was written), 1 where there is none.
 */
export async function learn(files: readonly string[], flags: LearnFlags, io: Io): Promise<number> {
  if (files.length === 0 && flags.fromGate !== true)
    throw new SallyportError('usage', 'give files to learn from, or --from-gate to watch the running gate');
  const loaded = await loadConfig(ofConfig(flags), layerNames());
  const watched = flags.fromGate === true ? await watchGate(ofWatch(flags), io) : null;
  try {
    return await learnAll(files, watched, { loaded, isWritten: flags.write === true, io });
  } finally {
    watched?.remove();
  }
}

interface Learning {
  readonly loaded: LoadedConfig;
  /** Whether the proposal is to be written. */
  readonly isWritten: boolean;
  readonly io: Io;
}

async function learnAll(
  files: readonly string[],
  watched: Watched | null,
  { loaded, isWritten, io }: Learning,
): Promise<number> {
  const [marks, keep] = [createMarks(), createKeeping()];
  const formats = files.map((file) => ({ file, format: formatOf(file) }));
  const read = formats.flatMap(({ file, format }) =>
    format === 'OpenAPI' ? [] : [openSource(file, format, marks, keep)],
  );
  const sources = watched === null ? read : [...read, watched.source];
  const [document, ...more] = formats.filter(({ format }) => format === 'OpenAPI').map(({ file }) => file);
  if (more.length > 0) throw new SallyportError('usage', 'give one OpenAPI document: a configuration names one');
  const documents = document === undefined ? NO_DOCUMENT : documentsOf(document, loaded);
  const { learned, tried } = await work(sources, loaded.config, documents, io);
  const target = targetOf(loaded);
  const edited = edit(target, tried, learned);
  const written = isWritten && edited.diff !== '' ? await write(target, edited) : false;
  const { leftOut: _, ...said } = learned;
  const report: LearnReport = {
    config: target.name,
    files: [
      ...formats.map(({ file, format }) => ({ name: basename(file), format })),
      ...(watched === null ? [] : [{ name: watched.source.name, format: 'watched' }]),
    ],
    lost: watched?.lost ?? 0,
    ended: watched?.ended ?? 0,
    learned: said,
    ...tried,
    diff: edited.diff,
    unplaced: edited.unplaced,
    why: edited.why,
    written,
  };
  present(io, report, (said) => formatLearn(said, io.terminal.paint));
  return edited.diff !== '' && edited.why === '' ? EXIT.ok : EXIT.no;
}

const layerNames = (): string[] => layersToAsk().map(({ name }) => name);

const ofConfig = ({ config, protect, open }: LearnFlags): ConfigFlags => ({
  ...(config === undefined ? {} : { config }),
  ...(protect === undefined ? {} : { protect }),
  ...(open === undefined ? {} : { open }),
});

const ofWatch = ({ listen, for: seconds }: LearnFlags): WatchFlags => ({
  ...(listen === undefined ? {} : { listen }),
  ...(seconds === undefined ? {} : { for: seconds }),
});

async function work(
  sources: readonly Source[],
  config: Config,
  documents: Documents,
  io: Io,
): Promise<{ learned: Learned; tried: Tried }> {
  const progress = createProgress(!io.json && process.stderr.isTTY === true);
  const bytes = Math.max(
    1,
    sources.reduce((sum, { size }) => sum + size, 0),
  );
  let judged = 0;
  const keepLow = keepMemoryLow();
  try {
    const onProgress = (share: number): void => {
      keepLow();
      progress.at(0.75 * share, 'reading');
    };
    const policy = compilePolicy({ ...config, ...withDocumented(config, documents) });
    const visitors = createVisitors();
    const learned = await learnFrom(sources, { policy, onProgress, visitors });
    const onBytes = (more: number): void => {
      keepLow();
      judged += more;
      progress.at(0.75 + (0.25 * judged) / bytes, 'trying what was learned');
    };
    return { learned, tried: await tryProposal(sources, learned, { config, documents, onBytes, visitors }) };
  } finally {
    progress.end();
  }
}

/** While learning, what the document lists counts as named: no pattern is learned beside it. */
const withDocumented = ({ routes = [] }: Config, { matches }: Documents): Pick<Config, 'routes'> => {
  const named = new Set(routes.map(({ match }) => match));
  const more = matches.filter((match) => !named.has(match)).map((match) => ({ match }));
  return routes.length + more.length === 0 ? {} : { routes: [...routes, ...more] };
};

/** A document that bodies cannot be held to still says which calls there are. */
function documentsOf(file: string, { config, path }: LoadedConfig): Documents {
  const all = callsIn(file);
  const protectedOnly = compilePolicy({ ...config, routes: [] });
  const matches = all.filter((match) => {
    const [method = '', pattern = ''] = match.split(' ');
    const sample = pattern.replaceAll(/:\w+/g, '1');
    return protectedOnly.match(method, sample, foldPath(sample)).level !== 'open';
  });
  const named = relative(path === '' ? process.cwd() : dirname(path), resolve(file));
  const openapi = config.openapi === undefined ? named : '';
  try {
    compilePolicy({ ...config, openapi: resolve(file), ...withDocumented(config, { matches, openapi }) });
    return { matches, openapi };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { matches, openapi: '' };
  }
}

/** The file that is changed, or made. */
interface Target {
  readonly path: string;
  readonly name: string;
  /** '' where there is none yet. */
  readonly text: string;
}

function targetOf({ path }: LoadedConfig): Target {
  if (path === '') return { path: resolve('sallyport.config.ts'), name: 'sallyport.config.ts', text: '' };
  return { path, name: basename(path), text: existsSync(path) ? readFileSync(path, 'utf8') : '' };
}

function edit({ name, text }: Target, tried: Tried, learned: Learned): Edited & { readonly why: string } {
  try {
    return { ...editConfig(name, text, tried.proposal, comment(tried, learned)), why: '' };
  } catch (error) {
    if (!(error instanceof NotEditable)) throw error;
    const fresh = editConfig('sallyport.config.ts', '', tried.proposal, comment(tried, learned));
    return { ...fresh, why: error.message };
  }
}

/** Puts the file in place only once it loads and passes every check. */
async function write({ path, name }: Target, { text }: Edited): Promise<boolean> {
  const trial = join(dirname(path), `.${basename(name, extname(name))}.${randomUUID()}${extname(name)}`);
  writeFileSync(trial, text, { mode: 0o600, flag: 'wx' });
  try {
    const { value } = await loadConfigFile(trial);
    compilePolicy(parseConfig(value, name, { layers: layerNames() }));
    renameSync(trial, path);
    return true;
  } catch (error) {
    rmSync(trial, { force: true });
    throw error;
  }
}
