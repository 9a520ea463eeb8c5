import { type FormEvent, useState } from 'react';
import { ask } from './api.ts';

/** Questions about the posts. Every answer costs whoever runs this app money, so there is an end to it. */
export function Assistant() {
  const [question, setQuestion] = useState('');
  const [answer, setAnswer] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setAnswer('');
    setProblem('');
    try {
      await ask(question, (word) => setAnswer((before) => `${before} ${word}`));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'Nobody answered.');
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="card assistant" aria-labelledby="ask-title">
      <h2 id="ask-title">Ask the posts</h2>
      <form className="row" onSubmit={submit}>
        <input
          name="question"
          aria-label="Question"
          placeholder="What is said about bread?"
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
          maxLength={500}
          required
        />
        <button type="submit" disabled={busy}>
          Ask
        </button>
      </form>
      <p className="answer" aria-live="polite">
        {answer}
      </p>
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <p className="empty">An answer costs money: six a minute, and what 25 cents an hour buy.</p>
    </section>
  );
}
