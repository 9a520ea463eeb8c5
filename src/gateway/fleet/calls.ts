import type { MessagePort } from 'node:worker_threads';
import { ConfigError, type ErrorCode, SallyportError } from '../../guard/errors.ts';
import { RecordsError, type RecordsErrorCode } from '../../guard/records.ts';
import { AdminRefusal } from '../admin-route.ts';

/** What both a worker and the port to it are. */
export interface CallPort {
  postMessage(message: unknown, transfer?: readonly MessagePort[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** Each takes one value, and answers one, now or later. Values are copied on the way (structured clone). */
type Methods<T> = { readonly [K in keyof T]: (value: never) => unknown };

type Sent<T, K extends keyof T> = T[K] extends (value: infer V) => unknown ? V : never;
type Answered<T, K extends keyof T> = T[K] extends (value: never) => infer R ? Awaited<R> : never;

/** Calls to the thread at the other end. */
export interface Calls<Theirs extends Methods<Theirs>> {
  /** Rejects with what the other end threw, or with {@link Gone} where that ended. */
  call<K extends keyof Theirs & string>(name: K, value: Sent<Theirs, K>): Promise<Answered<Theirs, K>>;
  /** As {@link call}, and nobody waits for what becomes of it. */
  tell<K extends keyof Theirs & string>(name: K, value: Sent<Theirs, K>, transfer?: readonly MessagePort[]): void;
  /** The other end is gone: whoever waits for it is told. */
  end(): void;
}

/** The thread that was called has ended. */
export class Gone extends Error {
  constructor() {
    super('the worker has ended');
    this.name = 'Gone';
  }
}

/** Both ends are threads of this process that run the same build: what comes is what the types say. */
type Message =
  | { readonly call: number; readonly name: string; readonly value: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: Fault };

/** @param mine what the other end may call here; may grow */
export function createCalls<Theirs extends Methods<Theirs>>(port: CallPort, mine: object): Calls<Theirs> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let latest = 0;
  let ended = false;

  const answer = async (call: number, name: string, value: unknown): Promise<void> => {
    try {
      const method: unknown = Object.hasOwn(mine, name) ? Reflect.get(mine, name) : undefined;
      if (typeof method !== 'function') throw new Error(`${name} cannot be asked for now`);
      const done: unknown = await method(value);
      if (call > 0) port.postMessage({ answer: call, value: done });
    } catch (error) {
      if (call > 0) port.postMessage({ answer: call, error: toFault(error) });
    }
  };
  port.on('message', (message) => {
    const said = message as Message;
    if ('call' in said) {
      void answer(said.call, said.name, said.value);
      return;
    }
    const asked = waiting.get(said.answer);
    waiting.delete(said.answer);
    if ('error' in said) asked?.reject(toError(said.error));
    else asked?.resolve(said.value);
  });

  return {
    call<K extends keyof Theirs & string>(name: K, value: Sent<Theirs, K>) {
      if (ended) return Promise.reject(new Gone());
      latest += 1;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(latest, asked);
      port.postMessage({ call: latest, name, value });
      return asked.promise as Promise<Answered<Theirs, K>>;
    },
    tell: (name, value, transfer = []) => port.postMessage({ call: 0, name, value }, transfer),
    end() {
      ended = true;
      for (const { reject } of waiting.values()) reject(new Gone());
      waiting.clear();
    },
  };
}

/** An error on its way to another thread, which would lose its class. */
type Fault =
  | { readonly kind: 'refusal'; readonly message: string; readonly details: object }
  | { readonly kind: 'config'; readonly source: string; readonly problems: ConfigError['problems'] }
  | { readonly kind: 'sallyport'; readonly message: string; readonly code: ErrorCode }
  | { readonly kind: 'records'; readonly message: string; readonly code: RecordsErrorCode }
  | { readonly kind: 'other'; readonly message: string };

function toFault(error: unknown): Fault {
  if (!(error instanceof Error)) return { kind: 'other', message: String(error) };
  const { message } = error;
  if (error instanceof AdminRefusal) return { kind: 'refusal', message, details: error.details };
  if (error instanceof ConfigError) return { kind: 'config', source: error.source, problems: error.problems };
  if (error instanceof SallyportError) return { kind: 'sallyport', message, code: error.code };
  if (error instanceof RecordsError) return { kind: 'records', message, code: error.code };
  return { kind: 'other', message };
}

function toError(fault: Fault): Error {
  if (fault.kind === 'refusal') return new AdminRefusal(fault.message, fault.details);
  if (fault.kind === 'config') return new ConfigError(fault.source, fault.problems);
  if (fault.kind === 'sallyport') return new SallyportError(fault.code, fault.message);
  if (fault.kind === 'records') return new RecordsError(fault.code, fault.message);
  return new Error(fault.message);
}
