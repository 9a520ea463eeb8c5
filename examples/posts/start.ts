import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startBackend } from './backend/server.ts';
import { buildPages } from './pages.ts';
import { startSignOn } from './sign-on/start.ts';

// The demo as a person would run it: the app on a free port, and the gate in front by its command line. Arguments go
// to the gate: `npm start -- --listen 127.0.0.1:4001`.
const manifest = createRequire(import.meta.url).resolve('sallyport/package.json');
const command = join(dirname(manifest), 'bin', 'sallyport.js');
const config = join(import.meta.dirname, 'sallyport.config.ts');

const backend = await startBackend(await buildPages());
const signOn = await startSignOn();
const gate = spawn(
  process.execPath,
  [command, '--config', config, '--to', backend.url, ...process.argv.slice(2), '--json'],
  {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, POSTS_COMPANY: signOn.company, POSTS_SCHOOL: signOn.school },
  },
);
gate.stdout.once('data', (text) => {
  // Browsers and people write localhost.
  const url = String(JSON.parse(String(text)).url).replace('//127.0.0.1:', '//localhost:');
  console.log(whatToTry(url, backend.url));
});
gate.on('exit', async (code) => {
  signOn.close();
  await backend.close();
  process.exit(code ?? 1);
});
// A terminal sends Ctrl-C to the gate as well; this process goes when the gate has gone.
process.on('SIGINT', () => process.stdin.isTTY || gate.kill('SIGINT'));
process.on('SIGTERM', () => gate.kill('SIGTERM'));

function whatToTry(url: string, app: string): string {
  return `
  Posts is running behind the gate, in enforce mode.

${table([
  [url, 'the app; open it'],
  [app, 'the same app without the gate'],
])}

  From a second terminal, in this folder:

${table([
  [`curl -i ${url}/api/posts`, '403: a program is not the app’s own page'],
  ['npx sallyport status', 'what was decided so far'],
  ['npx sallyport why ID', 'why a request was refused; the answer carries its id'],
  [`npx sallyport attack ${url}/api/posts`, 'what each kind of attacker gets'],
  ['npx sallyport report', 'let everything pass and only record'],
  ['npx sallyport enforce', 'load the page, then switch it on again'],
])}

  Ctrl-C stops both.
`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `    ${left.padEnd(width)}${right}`).join('\n');
}
