import { useState } from 'react';
import { ask, CallError, orderPrint, readPost } from './api.ts';

/** What a program would do that took this page's place, to be tried out: each ends in what a visitor would read. */
const TRIES: readonly { name: string; what: string; run: () => Promise<unknown> }[] = [
  {
    name: 'limit',
    what: 'Ask seven questions in a row',
    async run() {
      for (let i = 0; i < 7; i++) await ask('What is said about the river?', () => {});
    },
  },
  {
    name: 'concurrent',
    what: 'Ask three questions at once',
    run: () => Promise.all([1, 2, 3].map(() => ask('What is said about the way home?', () => {}))),
  },
  { name: 'order', what: 'Order without seeing a price', run: () => orderPrint(1) },
  { name: 'served', what: 'Open post 4711, which nobody showed', run: () => readPost(4711) },
];

export function Tries() {
  const [results, setResults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState('');

  const attempt = async (name: string, run: () => Promise<unknown>) => {
    setBusy(name);
    const result = await run().then(
      () => 'Nothing stood in the way.',
      (error: unknown) => (error instanceof CallError ? `${error.status}: ${error.message}` : 'It failed.'),
    );
    setResults((before) => ({ ...before, [name]: result }));
    setBusy('');
  };

  return (
    <section className="card tries" aria-labelledby="tries-title">
      <h2 id="tries-title">Try what a program would</h2>
      <ul>
        {TRIES.map(({ name, what, run }) => (
          <li key={name}>
            <button
              type="button"
              className="quiet"
              data-try={name}
              disabled={busy !== ''}
              onClick={() => void attempt(name, run)}
            >
              {what}
            </button>
            <p className="result" role="status">
              {busy === name ? '…' : (results[name] ?? '')}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
