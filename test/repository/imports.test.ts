import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  barrelFaults,
  cycles,
  directionFaults,
  importsOf,
  packageFaults,
  readSources,
  type SourceFile,
  SRC,
} from './imports.ts';

const ENTRIES = [
  'index.ts',
  'browser/index.ts',
  'config.ts',
  'gateway/index.ts',
  'lab/index.ts',
  'redis.ts',
  'wire.ts',
  'testing.ts',
];
const sources = readSources(SRC);

test('imports of src go one way', () => {
  assert.ok(sources.length > 10, 'the sources were found');
  assert.deepEqual(directionFaults(sources), []);
});

test('src has no import cycle at run time', () => {
  assert.deepEqual(cycles(sources), []);
});

test('src has no inner barrel', () => {
  assert.deepEqual(barrelFaults(sources, ENTRIES), []);
});

test('what runs in pages imports no package', () => {
  assert.deepEqual(packageFaults(sources), []);
});

for (const folder of ['examples', 'bench']) {
  test(`${folder} imports published subpaths only`, () => {
    const files = readSources(`${SRC}/../${folder}`).filter(({ path }) => !path.includes('node_modules'));
    assert.ok(files.length > 5, `${folder} was found`);
    assert.deepEqual(intoSrc(files), []);
  });
}

function intoSrc(files: readonly SourceFile[]): string[] {
  return files
    .flatMap(importsOf)
    .filter(({ specifier }) => /(^|\/)src\//.test(specifier))
    .map(({ from, specifier }) => `${from}: ${specifier}`);
}

test('the check sees an import against the direction', () => {
  const file = { path: 'guard/runner.ts', text: "import { proof } from '../layers/proof.ts';\n" };
  assert.deepEqual(directionFaults([file]), ['guard/runner.ts imports layers/proof.ts: guard must not know layers']);
});

test('the check sees types, re-exports, several lines and dynamic imports', () => {
  const texts = [
    "import type { A } from '../cli/main.ts';",
    "export { a } from '../cli/main.ts';",
    "export * from '../cli/main.ts';",
    "import {\n  a,\n  type B,\n} from '../cli/main.ts';",
    "import '../cli/main.ts';",
    "import * as all from '../cli/main.ts';",
    "const late = await import('../cli/main.ts');",
  ];
  for (const text of texts) assert.equal(directionFaults([{ path: 'wire/a.ts', text }]).length, 1, text);
});

test('the check is not misled by comments', () => {
  const text = "// import { a } from '../cli/main.ts';\n/* import { a } from '../cli/main.ts'; */\n";
  assert.deepEqual(directionFaults([{ path: 'wire/a.ts', text }]), []);
});

test('the check sees a part that has no place and a path out of src', () => {
  assert.equal(directionFaults([{ path: 'utils/a.ts', text: '' }]).length, 1);
  assert.equal(directionFaults([{ path: 'cli/a.ts', text: "import a from '../../test/a.ts';" }]).length, 1);
});

test('the check sees a cycle, and none where only types go round', () => {
  const circle = [
    { path: 'lib/a.ts', text: "import { b } from './b.ts';" },
    { path: 'lib/b.ts', text: "import { a } from './a.ts';" },
  ];
  assert.deepEqual(cycles(circle), ['lib/a.ts → lib/b.ts → lib/a.ts']);
  const types = [circle[0] ?? assert.fail(), { path: 'lib/b.ts', text: "import type { A } from './a.ts';" }];
  assert.deepEqual(cycles(types), []);
  const named = [circle[0] ?? assert.fail(), { path: 'lib/b.ts', text: "type A = typeof import('./a.ts');" }];
  assert.deepEqual(cycles(named), []);
});

test('the check sees a barrel', () => {
  const file = { path: 'guard/index.ts', text: "export * from './a.ts';\nexport type { B } from './b.ts';\n" };
  assert.deepEqual(barrelFaults([file], ENTRIES), ['guard/index.ts only re-exports']);
  assert.deepEqual(barrelFaults([{ ...file, text: `${file.text}export const c = 1;\n` }], ENTRIES), []);
});

test('the check sees a package where pages run', () => {
  const file = { path: 'wire/a.ts', text: "import { createHash } from 'node:crypto';" };
  assert.equal(packageFaults([file]).length, 1);
});
