// A gate as its own process, for lifecycle.test.ts: `gate.ts BACKEND_URL LISTEN [FOLDER]`. With a
// folder it ends TLS by a certificate of its own that it keeps there. Says `ready URL PID` once it answers.
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { manageLifecycle, receiveInheritance, startGate } from '../../../src/gateway/index.ts';

const [, , to = '', listen = '127.0.0.1:0', dir] = process.argv;
const inheritance = await receiveInheritance();
// Between the arrival of the socket and the start of the gate, connections may already come.
if (inheritance !== null) await setTimeout(300);
const secret = inheritance?.secret ?? randomBytes(32).toString('base64url');
const gate = await startGate(
  { to, listen, mode: inheritance?.mode ?? 'enforce', ...(dir === undefined ? {} : { tls: { self: true, dir } }) },
  { secret, inherited: inheritance?.server ?? null },
);
const lifecycle = manageLifecycle({
  gate,
  secret,
  reload: () => gate.reload({ ...gate.config, open: ['/reloaded'] }),
  say: (message) => console.log(`say ${message}`),
  warn: (message) => console.log(`warn ${message}`),
  graceMs: 5_000,
});
inheritance?.ready();
console.log(`ready ${gate.url} ${process.pid} ${gate.mode()}`);
await lifecycle.stopped;
console.log(`stopped ${process.pid}`);
