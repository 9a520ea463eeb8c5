import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { isAnswered } from './admin-socket.ts';
import { assertOurs, runtimeFolder, socketPath } from './runtime-folder.ts';

/** A gate of this user that runs on this machine. */
export interface RunningGate {
  readonly port: number;
  readonly path: string;
}

export interface AdminReply {
  readonly status: number;
  /** Parsed where it was JSON, else the text. */
  readonly body: unknown;
}

/** None runs, or several do and none was named; the message lists them. */
export class NoSuchGate extends Error {
  readonly running: readonly RunningGate[];
  constructor(message: string, running: readonly RunningGate[]) {
    super(message);
    this.name = 'NoSuchGate';
    this.running = running;
  }
}

/** Gates that answer, by port. Sockets that nobody answers on are passed over. */
export async function runningGates(folder = runtimeFolder()): Promise<RunningGate[]> {
  const ports = folder === '' ? pipePorts() : socketPorts(folder);
  const gates = ports.map((port) => ({ port, path: socketPath(folder, port) }));
  const answered = await Promise.all(gates.map((gate) => isAnswered(gate.path)));
  return gates.filter((_gate, index) => answered[index] === true).sort((one, other) => one.port - other.port);
}

/**
 * The gate that is meant: the only one, or the one on this port.
 *
 * @param port from `--listen`; 0 where none was named
 * @throws NoSuchGate
 */
export async function findGate(port = 0, folder = runtimeFolder()): Promise<RunningGate> {
  const running = await runningGates(folder);
  const fitting = port === 0 ? running : running.filter((gate) => gate.port === port);
  const [gate] = fitting;
  if (gate !== undefined && fitting.length === 1) return gate;
  const ports = running.map((each) => each.port).join(', ');
  if (running.length === 0) throw new NoSuchGate('no gate of this user is running here', running);
  if (port !== 0) throw new NoSuchGate(`no gate is running on port ${port}; there is one on ${ports}`, running);
  throw new NoSuchGate(`several gates are running, on ports ${ports}; name one with --listen HOST:PORT`, running);
}

/** One call to a gate's administration: `GET /status`, `POST /mode` … */
export function callAdmin(gate: RunningGate, method: 'GET' | 'POST', path: string, body?: object): Promise<AdminReply> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: gate.path, method, path, headers: { 'content-type': 'application/json' } });
    call.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
        const parsed: unknown = isJson ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, body: parsed });
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? '' : JSON.stringify(body));
  });
}

function socketPorts(folder: string): number[] {
  try {
    assertOurs(folder);
    return readdirSync(folder).flatMap((name) => toPort(/^(\d+)\.sock$/.exec(name)?.[1]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function pipePorts(): number[] {
  return readdirSync(join('\\\\.\\pipe\\')).flatMap((name) => toPort(/^sallyport-.*-(\d+)$/.exec(name)?.[1]));
}

function toPort(digits: string | undefined): number[] {
  return digits === undefined ? [] : [Number(digits)];
}
