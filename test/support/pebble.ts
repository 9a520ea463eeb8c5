import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A real ACME authority for tests (https://github.com/letsencrypt/pebble), for whom every name is this machine. */
export interface Pebble {
  readonly directory: string;
  /** PEM file of the authority that signed the directory's own certificate. */
  readonly ca: string;
  readonly folder: string;
  /** Ports at which it asks for http-01 and tls-alpn-01. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** The root that certificates end in, as PEM. */
  root(): Promise<string>;
  /** Ends it, as an authority that is down. */
  stop(): Promise<void>;
}

export interface PebbleOptions {
  /** Seconds that certificates are good for. */
  readonly validity?: number;
  /** Percent of requests whose good nonce it refuses. */
  readonly refusedNonces?: number;
}

export async function startPebble(context: TestContext, options: PebbleOptions = {}): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pebble-'));
  const children: ChildProcess[] = [];
  context.after(async () => {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true });
  });
  certify(folder);
  const [listen, management, dns, challenges, httpPort, tlsPort] = await freePorts(6);
  const at = (port: number | undefined): string => `127.0.0.1:${port}`;
  const config = {
    listenAddress: at(listen),
    managementListenAddress: at(management),
    certificate: join(folder, 'cert.pem'),
    privateKey: join(folder, 'key.pem'),
    httpPort,
    tlsPort,
    certificateValidityPeriod: options.validity ?? 86_400,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ pebble: config }));
  const program = process.env['SALLYPORT_PEBBLE'] || 'pebble';
  const names = join(dirname(program), 'pebble-challtestsrv');
  const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
  children.push(
    spawn(names, ['-dns01', at(dns), '-management', at(challenges), ...none], { stdio: 'ignore' }),
    spawn(program, ['-config', join(folder, 'config.json'), '-dnsserver', at(dns)], {
      stdio: 'ignore',
      env: {
        ...process.env,
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_AUTHZREUSE: '0',
        PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 5),
      },
    }),
  );
  const ca = join(folder, 'cert.pem');
  const directory = `https://localhost:${listen}/dir`;
  while ((await textAt(directory, ca)) === '') {
    const ended = children.find(({ exitCode }) => exitCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnfile} ended with ${ended.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    directory,
    ca,
    folder,
    httpPort: httpPort ?? 0,
    tlsPort: tlsPort ?? 0,
    root: () => textAt(`https://localhost:${management}/roots/0`, ca),
    stop: async () => void (await Promise.all(children.map(end))),
  };
}

function certify(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', ...names, '-days', '2'], {
    cwd: folder,
    stdio: 'pipe',
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** '' where nobody answers. */
function textAt(url: string, caFile: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(url, { ca: readFileSync(caFile), agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? text : ''));
    });
    request.on('error', () => resolve(''));
  });
}

/** Held all at once, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port); // bound to TCP above
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
