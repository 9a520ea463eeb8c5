import { startGate } from 'sallyport/gateway';
import config from './sallyport.config.ts';
import { startTodos, type TodoServer } from './server.ts';

export interface RunningTodos {
  readonly url: string;
  readonly backend: TodoServer;
  close(): Promise<void>;
}

/** The todo list behind a gate, both on free ports. */
export async function startGuardedTodos(): Promise<RunningTodos> {
  const backend = await startTodos();
  const gate = await startGate({ ...config, to: backend.url, listen: '127.0.0.1:0' });
  return {
    url: gate.url,
    backend,
    async close() {
      await gate.close({ graceMs: 0 });
      await backend.close();
    },
  };
}
