import { type FormEvent, useState } from 'react';
import { type Post, searchPosts } from './api.ts';

/** Looks for words in all posts. It is the server's dearest call, so each one costs the browser a moment of computing, unseen. */
export function Search() {
  const [words, setWords] = useState('');
  const [found, setFound] = useState<Post[] | null>(null);
  const [problem, setProblem] = useState('');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem('');
    try {
      setFound(await searchPosts(words));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The search failed.');
    }
  };

  return (
    <search className="card search">
      <form className="row" onSubmit={(event) => void submit(event)}>
        <input
          name="words"
          aria-label="Words"
          placeholder="Search the posts"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          maxLength={100}
          required
        />
        <button type="submit">Search</button>
      </form>
      {found !== null && (
        <p className="found" role="status">
          {found.length === 0 ? 'Nothing found.' : found.map(({ title }) => title).join(', ')}
        </p>
      )}
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </search>
  );
}
