import { callAdmin, findGate, NoSuchGate, type RunningGate } from '../gateway/admin-client.ts';
import { SallyportError } from '../guard/errors.ts';
import { EXIT, type GateFlags, type Io } from './command.ts';

/** A gate that said no to a switch, and what it said. */
export class GateRefusal extends Error {
  readonly details: unknown;
  constructor(message: string, details: unknown) {
    super(message);
    this.name = 'GateRefusal';
    this.details = details;
  }
}

/** The gate that a command means. Throws SallyportError where none runs, or several do and none was named. */
export async function theGate(flags: GateFlags): Promise<RunningGate> {
  try {
    return await findGate(flags.listen === undefined ? 0 : portOf(flags.listen));
  } catch (error) {
    if (!(error instanceof NoSuchGate)) throw error;
    const hint = error.running.length === 0 ? '; start one with `sallyport --to URL`' : '';
    throw new SallyportError('admin', error.message + hint, { cause: error });
  }
}

/** `4000`, `:4000`, `127.0.0.1:4000`. */
function portOf(listen: string): number {
  const port = Number(/(?:^|:)(\d{1,5})$/.exec(listen)?.[1] ?? 0);
  if (port > 0 && port <= 65535) return port;
  throw new SallyportError(
    'usage',
    `command line: --listen is ${JSON.stringify(listen)}; write the gate's host:port, as in 127.0.0.1:4000`,
  );
}

/**
 * Asks a gate. What comes back is the gate's own word: the socket lies in a folder that only this user can open.
 * @throws {GateRefusal} where the gate refuses what was asked
 */
export async function ask<T>(gate: RunningGate, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const reply = await callAdmin(gate, method, path, body);
  if (reply.status === 200) return reply.body as T;
  const said = errorOf(reply.body);
  if (reply.status === 409 || reply.status === 404) throw new GateRefusal(said, reply.body);
  throw new SallyportError('admin', `the gate on port ${gate.port} answers ${reply.status}: ${said}`);
}

function errorOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : 'no reason given';
}

/** Runs what asks a gate; what the gate refuses is one line, and exit code 1. */
export async function orRefused(io: Io, act: () => Promise<void>): Promise<number> {
  try {
    await act();
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    io.terminal.err(`sallyport: ${error.message}`);
    return EXIT.no;
  }
}
