import type { Answer } from '../guard/decision.ts';

export interface Health {
  /** Answer for `{mount}/health`: 200, or 503 while the gate finishes what it has and takes nothing new. */
  answer(): Answer;
  drain(): void;
}

export function createHealth(): Health {
  let draining = false;
  return {
    answer: () => ({
      status: draining ? 503 : 200,
      fields: [
        'Content-Type',
        'text/plain; charset=utf-8',
        'Cache-Control',
        'no-store',
        'X-Content-Type-Options',
        'nosniff',
      ],
      body: draining ? 'draining\n' : 'ok\n',
    }),
    drain() {
      draining = true;
    },
  };
}
