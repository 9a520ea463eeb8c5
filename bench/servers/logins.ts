import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGate } from 'sallyport/gateway';
import { announce, settings } from './support.ts';

const { to = '', perMinute = '' } = settings();
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env['SALLYPORT_SECRET'] = 'a secret of the bench, which is 32 long at least';

const gate = await startGate({
  to,
  listen: '127.0.0.1:0',
  mode: 'enforce',
  records: `sqlite:${join(folder, 'records.sqlite')}`,
  // A flood from everywhere: each guess names a network of its own.
  trustedProxies: ['127.0.0.1/32'],
  login: { accounts: perMinute === '' ? true : { checksPerMinute: Number(perMinute) } },
  clients: { default: { stamp: 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
});
announce(gate.address.port);
