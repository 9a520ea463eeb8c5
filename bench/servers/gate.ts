import { startGate } from 'sallyport/gateway';
import { announce, settings } from './support.ts';

const { to = '', stamp = 'waive', host } = settings();
const gate = await startGate({
  to,
  listen: '127.0.0.1:0',
  mode: 'enforce',
  hosts: host === undefined ? [] : [host],
  clients: { default: { stamp: stamp === 'require' ? 'require' : 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
});
announce(gate.address.port);
