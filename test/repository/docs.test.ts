import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { CODES } from '../../src/wire/codes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function documents(): { path: string; text: string }[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return [...top, ...docs].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Relative links that lead nowhere: a missing file, or a heading that the file does not have. */
function brokenLinks(path: string, text: string): string[] {
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return links.filter((link) => !leadsSomewhere(path, link)).map((link) => `${path}: ${link}`);
}

function leadsSomewhere(path: string, link: string): boolean {
  const [file = '', heading = ''] = link.split('#');
  const target = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file);
  if (!existsSync(target)) return false;
  return heading === '' || !target.endsWith('.md') || headings(readFileSync(target, 'utf8')).includes(heading);
}

function headings(text: string): string[] {
  return [...text.matchAll(/^#+ +(.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

test('every relative link of the documents leads somewhere', () => {
  assert.deepEqual(
    documents().flatMap(({ path, text }) => brokenLinks(path, text)),
    [],
  );
});

test('the link check sees a missing file and a missing heading', () => {
  assert.equal(brokenLinks('README.md', '[a](docs/nowhere.md)').length, 1);
  assert.equal(brokenLinks('README.md', '[a](SECURITY.md#no-such-heading)').length, 1);
  assert.equal(brokenLinks('README.md', '[a](SECURITY.md#what-holds)').length, 0);
});

test('every npm command that the documents name exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const named = documents().flatMap(({ text }) => [
    ...[...text.matchAll(/`?npm run ([a-z:]+)/g)].map((match) => match[1] ?? ''),
    ...[...text.matchAll(/\bnpm (start|test)\b/g)].map((match) => match[1] ?? ''),
  ]);
  assert.ok(named.includes('test') && named.includes('bench'), 'commands were found');
  assert.deepEqual(
    [...new Set(named)].filter((name) => scripts[name] === undefined),
    [],
  );
});

test('every command that the documents, the demo and the gate name exists', () => {
  const folder = join(ROOT, 'src', 'cli');
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const source = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const commands = [...source.matchAll(/\.command\('([a-z]+)'\)|program\.command\('([a-z]+)'\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  assert.ok(commands.includes('attack') && commands.includes('check'), 'the commands were found');
  const demo = readFileSync(join(ROOT, 'examples', 'posts', 'start.ts'), 'utf8');
  const banner = readFileSync(join(ROOT, 'src', 'cli', 'banner.ts'), 'utf8');
  const texts = [...documents().map(({ text }) => text), demo, banner];
  const named = texts.flatMap((text) =>
    [...text.matchAll(/(?:npx |`)sallyport ([a-z]+)(?![a-z-])/g)].map((match) => match[1] ?? ''),
  );
  assert.ok(named.length > 10, 'commands are named');
  assert.deepEqual(
    [...new Set(named)].filter((name) => !commands.includes(name)),
    [],
  );
});

/** Texts of the sources under a folder of src, of files whose path a pattern fits. */
function sources(folder: string, which = /\.ts$/): string {
  return readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => which.test(name))
    .map((name) => readFileSync(join(ROOT, 'src', folder, name), 'utf8'))
    .join('\n');
}

const everyText = (): string =>
  documents()
    .map(({ text }) => text)
    .join('\n');

const KINDS: readonly { readonly name: string; readonly least: number; readonly there: () => string[] }[] = [
  {
    name: 'field of the configuration',
    least: 80,
    there: () => namesIn(sources('guard', /^config(?:-(?!rules|schema|cross)[a-z]+)?\.ts$/), /^ {2}([a-zA-Z]+)\??: /gm),
  },
  {
    name: 'flag of a command',
    least: 30,
    there: () => namesIn(sources('cli', /^(?:main|[a-z]+-commands)\.ts$/), /\.option\('(--[a-z0-9-]+)/g),
  },
  { name: 'metric', least: 10, there: () => namesIn(sources('gateway'), /'(sallyport_[a-z_]+)'/g) },
  { name: 'action of the audit log', least: 15, there: () => namesIn(sources('gateway'), /action: '([a-z.-]+)'/g) },
  {
    name: 'header',
    least: 3,
    there: () => namesIn(sources('wire', /^constants\.ts$/), /HEADER_\w+ = '([A-Za-z-]+)'/g),
  },
  { name: 'code', least: 30, there: () => Object.keys(CODES) },
];

const namesIn = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

for (const { name, least, there } of KINDS) {
  test(`every ${name} is in the documents`, () => {
    const names = there();
    assert.ok(names.length >= least, `${names.length} were found`);
    const text = everyText().toLowerCase();
    const isThere = (each: string): boolean => new RegExp(`(?<![\\w-])${each.toLowerCase()}(?![\\w-])`).test(text);
    assert.deepEqual(
      names.filter((each) => !isThere(each)),
      [],
    );
  });
}

test('the lifecycle names every layer', () => {
  const text = readFileSync(join(ROOT, 'docs', 'lifecycle.md'), 'utf8');
  const layers = readdirSync(join(ROOT, 'src', 'layers'))
    .map((file) => ({ file, source: readFileSync(join(ROOT, 'src', 'layers', file), 'utf8') }))
    .filter(({ source }) => /: Layer\b/.test(source))
    .map(({ file }) => file.replace('.ts', ''));
  assert.ok(layers.length > 5, 'the layers were found');
  assert.deepEqual(
    layers.filter((name) => !new RegExp(`layers/${name}\\.ts`).test(text)),
    [],
  );
});

test('the lifecycle names the layers in the order of the list in src/index.ts', () => {
  const list = /return \[([\s\S]*?)\n {2}\];/.exec(readFileSync(join(ROOT, 'src', 'index.ts'), 'utf8'))?.[1] ?? '';
  const order = [...list.matchAll(/^ {4}(?:create)?([A-Za-z]+)/gm)].map((match) => (match[1] ?? '').toLowerCase());
  const text = readFileSync(join(ROOT, 'docs', 'lifecycle.md'), 'utf8');
  const told = [...text.matchAll(/\(\.\.\/src\/layers\/([a-z-]+)\.ts\)/g)].map(([, file = '']) =>
    file.replace('-', ''),
  );
  assert.ok(order.length > 5, 'the list was found');
  assert.deepEqual(told, order);
});

test('every exit in the lifecycle is a code with that status', () => {
  const text = readFileSync(join(ROOT, 'docs', 'lifecycle.md'), 'utf8');
  const exits = [...text.matchAll(/\| ([^|]+) \|$/gm)].flatMap(([, cell = '']) => exitsOf(cell));
  assert.ok(exits.length > 10, 'the exits were found');
  const codes: Record<string, { status: number }> = CODES;
  assert.deepEqual(
    exits.filter(({ code, statuses }) => !statuses.includes(codes[code]?.status ?? 0)),
    [],
  );
});

/** `502, 504 \`upstream\`; 413` → upstream with 502 or 504. */
function exitsOf(cell: string): { code: string; statuses: number[] }[] {
  return cell.split(';').flatMap((part) => {
    const statuses = [...part.matchAll(/\b([45]\d\d)\b/g)].map((match) => Number(match[1]));
    return [...part.matchAll(/`([a-z-]+)`/g)].map((match) => ({ code: match[1] ?? '', statuses }));
  });
}
