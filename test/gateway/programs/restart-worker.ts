// A worker of restart.ts, with the same clock.
import './clock.ts';

await import('../../../src/cli/gate-worker.ts');
