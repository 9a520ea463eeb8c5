// A gate whose guard asks for the slices digest of a body of `u`: `digest-gate.ts BACKEND_URL BYTES`. Tells its size by IPC.
import { createHash } from 'node:crypto';
import { startGateWith } from '../../../src/gateway/gate.ts';
import { DIGEST_SLICE_BYTES } from '../../../src/wire/constants.ts';
import { stubGuard } from '../../gateway/support.ts';

const [, , to = '', bytes = '0'] = process.argv;
const slice = createHash('sha256').update(Buffer.alloc(DIGEST_SLICE_BYTES, 'u')).digest();
const outer = createHash('sha256');
for (let i = 0; i < Number(bytes) / DIGEST_SLICE_BYTES; i += 1) outer.update(slice);
const streamDigest = { kind: 'slices', sha256: outer.digest() } as const;

const gate = await startGateWith(
  { to, listen: '127.0.0.1:0', mode: 'enforce' },
  { createGuard: (config) => stubGuard(config, { decide: () => ({ streamDigest }) }) },
);
process.send?.({ url: gate.url, resident: process.memoryUsage.rss() });
setInterval(() => process.send?.({ resident: process.memoryUsage.rss() }), 100);
