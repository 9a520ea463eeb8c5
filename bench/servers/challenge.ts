// A gate whose routes ask for proofs of work, as busy as it is told it is.
import { startGate } from 'sallyport/gateway';
import { announce, settings } from './support.ts';

const { to = '', load = '0' } = settings();
const gate = await startGate(
  {
    to,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    mint: { perPrefix: 1_000_000, total: 1_000_000 },
    routes: [
      { match: 'GET /api/always', challenge: 'always' },
      { match: 'GET /api/auto', challenge: 'auto' },
      { match: '/api/**' },
    ],
  },
  { load: () => Number(load) },
);
announce(gate.address.port);
