import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/**
 * The direction of imports (DESIGN §7): what each part of src may import. `index`, `config` and `testing` are single
 * files or leaves of their own; a part may always import itself.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  wire: ['lib'],
  browser: ['wire', 'lib'],
  guard: ['wire', 'lib'],
  doors: ['guard', 'wire', 'lib'],
  layers: ['doors', 'guard', 'wire', 'lib'],
  identity: ['doors', 'guard', 'wire', 'lib'],
  keys: ['doors', 'guard', 'wire', 'lib'],
  builds: ['doors', 'guard', 'wire', 'lib'],
  bots: ['guard', 'wire', 'lib'],
  addresses: ['guard', 'wire', 'lib'],
  behaviour: ['guard', 'wire', 'lib'],
  challenges: ['doors', 'guard', 'wire', 'lib'],
  server: ['keys', 'guard', 'wire', 'lib'],
  stores: ['guard', 'wire', 'lib'],
  adapters: ['guard', 'wire', 'lib'],
  testing: ['guard', 'wire', 'lib'],
  config: ['guard', 'wire', 'lib'],
  redis: ['stores'],
  shared: ['stores', 'guard'],
  assembly: [
    'builds',
    'behaviour',
    'shared',
    'addresses',
    'bots',
    'challenges',
    'identity',
    'keys',
    'stores',
    'layers',
    'doors',
    'guard',
    'wire',
    'lib',
  ],
  index: ['assembly', 'stores', 'layers', 'guard'],
  gateway: [
    'builds',
    'learning',
    'index',
    'shared',
    'config',
    'adapters',
    'identity',
    'keys',
    'stores',
    'layers',
    'doors',
    'guard',
    'wire',
    'lib',
  ],
  learning: ['index', 'adapters', 'guard', 'wire', 'lib'],
  lab: [
    'behaviour',
    'builds',
    'index',
    'challenges',
    'config',
    'adapters',
    'identity',
    'keys',
    'stores',
    'layers',
    'doors',
    'guard',
    'wire',
    'lib',
  ],
  cli: [
    'builds',
    'learning',
    'addresses',
    'challenges',
    'testing',
    'lab',
    'gateway',
    'index',
    'config',
    'adapters',
    'identity',
    'keys',
    'stores',
    'layers',
    'doors',
    'guard',
    'wire',
    'lib',
  ],
};

export interface SourceFile {
  /** From src, with forward slashes: `guard/runner.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  /** Path from src of what is imported; '' for packages. */
  readonly to: string;
  readonly specifier: string;
  /** True where nothing but types is imported: erased, so it cannot make a cycle at run time. */
  readonly typeOnly: boolean;
}

const STATEMENT = /(?:^|\n)\s*(import|export)(\s+type)?\s+(?:[\w$*\s{},]+?\s+from\s+)?'([^']+)'/g;
const DYNAMIC = /(\btypeof\s+)?\bimport\(\s*'([^']+)'/g;

/** Imports and re-exports of one file, found by text: the house style leaves one way to write them. */
export function importsOf(file: SourceFile): Import[] {
  const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const match of code.matchAll(STATEMENT)) {
    found.push(toImport(file.path, match[3] ?? '', match[2] !== undefined));
  }
  for (const match of code.matchAll(DYNAMIC)) {
    found.push(toImport(file.path, match[2] ?? '', match[1] !== undefined));
  }
  return found;
}

function toImport(from: string, specifier: string, typeOnly: boolean): Import {
  const to = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : '';
  return { from, to, specifier, typeOnly };
}

/** What breaks the direction, one sentence each. */
export function directionFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const file of files) {
    const allowed = ALLOWED[partOf(file.path)];
    if (allowed === undefined) {
      faults.push(`${file.path}: src/${partOf(file.path)} has no place in the import direction`);
      continue;
    }
    for (const { to, specifier } of importsOf(file)) {
      if (to === '') continue;
      if (to.startsWith('..')) faults.push(`${file.path} imports ${specifier}, which lies outside src`);
      else if (partOf(to) !== partOf(file.path) && !allowed.includes(partOf(to))) {
        faults.push(`${file.path} imports ${to}: ${partOf(file.path)} must not know ${partOf(to)}`);
      }
    }
  }
  return faults;
}

/** What pages compute proofs of work with. */
const IN_PAGES = /^altcha-lib(?:\/algorithms\/web\/\w+)?$/;

/** Packages that src/lib, src/wire and src/browser import: nearly none, they run in pages. */
export function packageFaults(files: readonly SourceFile[]): string[] {
  const pure = files.filter(({ path }) => ['lib', 'wire', 'browser'].includes(partOf(path)));
  return pure.flatMap((file) =>
    importsOf(file)
      .filter(({ to, specifier }) => to === '' && !IN_PAGES.test(specifier))
      .map(({ specifier }) => `${file.path} imports ${specifier}, but must run in a page`),
  );
}

/** Barrels below src's top: files that do nothing but re-export. Public entries of subpath exports are none. */
export function barrelFaults(files: readonly SourceFile[], entries: readonly string[]): string[] {
  return files
    .filter(({ path }) => !entries.includes(path))
    .filter(({ text }) => isBarrel(text))
    .map(({ path }) => `${path} only re-exports`);
}

function isBarrel(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const rest = code.replace(/\bexport(\s+type)?\s+(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+';?/g, '');
  return code.trim() !== '' && rest.trim() === '';
}

/** Import cycles at run time, each as `a → b → a`. */
export function cycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, runtimeTargets(file)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

function runtimeTargets(file: SourceFile): string[] {
  return importsOf(file)
    .filter(({ to, typeOnly }) => to !== '' && !typeOnly)
    .map(({ to }) => to);
}

/** `guard/runner.ts` → `guard`; `index.ts` → `index`. */
function partOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

export function readSources(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path).split('\\').join('/'), text: readFileSync(path, 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export const SRC = join(dirname(dirname(import.meta.dirname)), 'src');
