import { networkInterfaces } from 'node:os';
import { isLoopback } from '../../lib/loopback.ts';
import { type Finding, fine, unknown, wrong } from './finding.ts';
import { get } from './http.ts';

export interface BackendQuestion {
  /** The backend’s URL, as in `to`. */
  readonly to: string;
  /** Path to ask for: a protected one where one is known. */
  readonly path: string;
  /** Where the gate publishes the keys of its assertions. */
  readonly jwks: string;
  /** This machine's other addresses; injected by tests. */
  readonly addresses?: readonly string[];
}

const REFUSALS = new Set([401, 403, 407, 421]);

/** Whether the backend answers whoever goes around the gate. */
export async function examineBackend(question: BackendQuestion): Promise<Finding> {
  const url = new URL(question.path, question.to);
  const direct = await get(url.href);
  if (direct.status === 0) return unknown('backend', `the backend ${question.to} does not answer (${direct.trouble})`);
  if (REFUSALS.has(direct.status))
    return fine('backend', `the backend refuses a direct call (${direct.status} for ${url.pathname})`);
  if (!isLoopback(url.hostname)) return reachable(question, url.origin);
  for (const address of question.addresses ?? ownAddresses()) {
    const outside = new URL(url);
    outside.hostname = address.includes(':') ? `[${address}]` : address;
    const answer = await get(outside.href, {}, 1_000);
    if (answer.status !== 0 && !REFUSALS.has(answer.status)) return reachable(question, outside.origin);
  }
  return fine('backend', 'the backend answers without the gate, but only to programs on this machine');
}

function reachable({ jwks, path }: BackendQuestion, origin: string): Finding {
  return wrong(
    'backend',
    `the backend answers without the gate at ${origin}${path}: the simplest way around it`,
    `let it listen on 127.0.0.1, or refuse there what carries no valid Sallyport-Assertion (keys: ${jwks}; docs/running.md)`,
  );
}

/** Addresses by which other machines reach this one. Link-local ones need a zone and are left out. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .slice(0, 8);
}
