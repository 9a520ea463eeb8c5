import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInProcess } from './in-process.ts';
import { desk } from './support.ts';

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly says: RegExp;
  readonly file?: { readonly name: string; readonly text: string };
  readonly environment?: Record<string, string>;
}

const TO = ['--to', 'http://127.0.0.1:9'];

const rows: readonly Row[] = [
  { name: 'an unknown flag names the one that was meant', args: ['--tto', 'x'], says: /unknown option '--tto'.*--to/ },
  {
    name: 'an unknown command names the one that was meant',
    args: ['enforc'],
    says: /"enforc"; did you mean enforce\?/,
  },
  { name: 'no backend says how to name one', args: [], says: /--to is nothing; .*--to http:\/\/localhost:3000/ },
  {
    name: 'a backend without scheme',
    args: ['--to', 'localhost:3000'],
    says: /--to is "localhost:3000"; .*http:\/\/localhost:3000/,
  },
  {
    name: 'a mode that does not exist',
    args: [...TO, '--mode', 'enforced'],
    says: /--mode is "enforced"; .*did you mean enforce\?/,
  },
  { name: 'R7 a number of hops', args: [...TO, '--trusted-proxy', '1'], says: /--trusted-proxy is "1"; .*CIDR/ },
  { name: 'a port beyond all', args: [...TO, '--listen', '99999'], says: /--listen is "127\.0\.0\.1:99999"; .*65535/ },
  {
    name: 'a configuration that is not there',
    args: ['--config', 'nope.ts'],
    says: /--config is nope\.ts; there is no such file/,
  },
  {
    name: 'P4.2 plain HTTP cannot be enforced',
    args: [...TO, '--insecure-http', '--mode', 'enforce'],
    says: /--mode is "enforce"; .*report mode only/,
  },
  { name: 'a certificate without key', args: [...TO, '--tls-cert', 'a.pem'], says: /--tls-key is nothing/ },
  {
    name: 'a secret that is too short',
    args: TO,
    environment: { SALLYPORT_SECRET: 'short' },
    says: /SALLYPORT_SECRET is 5 characters long; .*32/,
  },
  { name: 'why without an id', args: ['why'], says: /missing required argument 'id'/ },
  { name: 'no gate to ask', args: ['status'], says: /no gate .*running.*sallyport --to URL/ },
  { name: 'attacking somebody else', args: ['attack', 'http://example.com/'], says: /only against loopback/ },
  {
    name: 'a price that is none',
    args: ['attack', 'http://127.0.0.1:9/', '--prices', 'cheap.json'],
    says: /--prices cheap\.json: the file cannot be read/,
  },
  {
    name: 'doctor by an address with a path',
    args: ['doctor', '--public', 'https://app.example/x'],
    says: /--public is .*https:\/\/app\.example$/m,
  },
  {
    name: 'a field of the file that does not exist',
    args: ['check'],
    file: { name: 'sallyport.config.ts', text: 'export default { protekt: ["/x"] } as const;' },
    says: /sallyport\.config\.ts: protekt is \["\/x"\]; .*did you mean protect\?/,
  },
  {
    name: 'a layer that does not exist',
    args: ['check'],
    file: { name: 'sallyport.config.mjs', text: 'export default { layers: { prof: "report" } };' },
    says: /layers\.prof is "report"; .*did you mean proof\?/,
  },
  {
    name: 'a file without default export',
    args: ['check'],
    file: { name: 'sallyport.config.js', text: 'export const config = {};' },
    says: /sallyport\.config\.js: without a default export; write export default/,
  },
  {
    name: 'a file that cannot be parsed',
    args: ['check'],
    file: { name: 'sallyport.config.json', text: '{ "to": ' },
    says: /sallyport\.config\.json: not JSON; /,
  },
  {
    name: 'a file with a mistake in its code',
    args: ['check'],
    file: { name: 'sallyport.config.ts', text: 'export default { to: nowhere };' },
    says: /sallyport\.config\.ts: not loadable; nowhere is not defined/,
  },
  {
    name: 'a list in a file that is not there',
    args: ['check'],
    file: { name: 'sallyport.config.json', text: '{ "addresses": { "lists": [{ "file": "none.txt" }] } }' },
    says: /: sallyport\.config\.json: addresses\.lists\[0\]\.file is ".*none\.txt"; there is no such file/,
  },
  {
    name: 'a document that is not there, when a gate starts',
    args: [],
    file: {
      name: 'sallyport.config.json',
      text: '{ "to": "http://127.0.0.1:9", "listen": "127.0.0.1:0", "openapi": "none.yaml" }',
    },
    says: /: sallyport\.config\.json: openapi is ".*none\.yaml"; this file cannot be read/,
  },
];

for (const { name, args, says, file, environment } of rows) {
  test(`one line and exit 2: ${name}`, async (t) => {
    const { folder, runtime, write } = desk(t);
    if (file !== undefined) write(file.name, file.text);
    const { code, out, err } = await runInProcess(args, {
      folder,
      environment: { XDG_RUNTIME_DIR: runtime, ...environment },
    });
    assert.equal(code, 2, err);
    assert.equal(out, '');
    assert.match(err, says);
    assert.equal(err.trimEnd().split('\n').length, 1, err);
    assert.ok(err.startsWith('sallyport: '), err);
  });
}

test('every problem of a file gets its own line', async (t) => {
  const { run, write } = desk(t);
  write('sallyport.config.ts', 'export default { mode: "on", routes: [{ match: "get /x" }], maxBody: -1 };');
  const { code, err } = await run('check');
  assert.equal(code, 2);
  assert.deepEqual(
    err
      .trimEnd()
      .split('\n')
      .map((line) => /: (\S+) is/.exec(line)?.[1]),
    ['mode', 'routes[0].match', 'maxBody'],
  );
});

test('the version is the package’s, on standard output', async (t) => {
  const { code, out, err } = await desk(t).run('--version');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual([code, out.trim(), err], [0, version, '']);
});

test('help is no error and goes to standard output', async (t) => {
  const { code, out, err } = await desk(t).run('--help');
  assert.equal(code, 0);
  assert.equal(err, '');
  for (const word of ['enforce', 'report', 'status', 'why', 'attack', 'check', 'doctor'])
    assert.match(out, new RegExp(`^  ${word}\\b`, 'm'));
});

test('a process says the same and ends with the same code', async (t) => {
  const { code, out, err } = await desk(t).run('--to', 'localhost:3000');
  assert.deepEqual({ code, out, lines: err.trimEnd().split('\n').length }, { code: 2, out: '', lines: 1 });
});
