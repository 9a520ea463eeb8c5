import { useState } from 'react';
import { deletePost, type Details, type Post, readPost } from './api.ts';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function PostCard({ post }: { post: Post }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const [details, setDetails] = useState<Details | null>(null);

  const remove = async () => {
    setBusy(true);
    try {
      await deletePost(post.id);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The post could not be deleted.');
      setBusy(false);
    }
  };

  const open = async () => {
    setProblem('');
    try {
      setDetails(await readPost(post.id));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The post could not be opened.');
    }
  };

  return (
    <li className="card post" data-post={post.id}>
      <img src={`/api/posts/${post.id}/image?v=${post.imageVersion}`} alt="" width="160" height="100" />
      <article aria-labelledby={`title-${post.id}`}>
        <h2 id={`title-${post.id}`}>{post.title}</h2>
        <p>{post.text}</p>
        {details !== null && (
          <p className="empty">
            {details.words} words, {Math.max(1, Math.round(details.words / 4))} s to read, number {details.id}
          </p>
        )}
        <footer>
          <time dateTime={post.created}>{day.format(new Date(post.created))}</time>
          <button type="button" className="quiet" onClick={() => void open()} aria-label={`Details of ${post.title}`}>
            Details
          </button>
          <button type="button" className="quiet" onClick={remove} disabled={busy} aria-label={`Delete ${post.title}`}>
            Delete
          </button>
        </footer>
        {problem !== '' && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
      </article>
    </li>
  );
}
