import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Child, Usage } from './child.ts';

/** Linux counts processor time in hundredths of a second. */
const MICROSECONDS_PER_TICK = 10_000;

/** nginx with one worker: as a backend that answers at once, or as a reverse proxy. Null where it is not installed. */
export async function startNginx(to: string | null): Promise<Child | null> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port, to));
  const begun = performance.now();
  const child = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', file], { stdio: 'ignore' });
  const missing = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(false));
    child.once('error', () => resolve(true));
  });
  if (missing) {
    await rm(folder, { recursive: true, force: true });
    return null;
  }
  const origin = `http://127.0.0.1:${port}`;
  await answering(origin);
  return {
    port,
    origin,
    started: performance.now() - begun,
    usage: () => usageOf(child.pid ?? 0),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const BODY = `{"id":7,"title":"A post","text":"${'x'.repeat(120)}","tags":["one","two"]}`;

function configuration(folder: string, port: number, to: string | null): string {
  const answer = `default_type application/json; return 200 '${BODY}';`;
  const proxy =
    'proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host:$server_port;';
  const upstream =
    to === null ? '' : `upstream backend { server ${new URL(to).host}; keepalive 64; keepalive_requests 100000000; }`;
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${user} daemon off; worker_processes 1; pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  ${upstream}
  server { listen 127.0.0.1:${port}; location / { ${to === null ? answer : proxy} } }
}
`;
}

async function answering(origin: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answered = await request(origin).then(
      async ({ body }) => {
        await body.dump();
        return true;
      },
      () => false,
    );
    if (answered) return;
    await delay(25);
  }
  throw new Error('nginx does not answer');
}

/** The master's children do the work. */
async function usageOf(master: number): Promise<Usage> {
  let cpu = 0;
  let rss = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) !== master) continue;
    cpu += (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
    rss += Number(fields[21]) * 4096;
  }
  return { cpu, rss };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
