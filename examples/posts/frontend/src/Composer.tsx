import { type FormEvent, useRef, useState } from 'react';
import { createPost, uploadImage } from './api.ts';

export function Composer() {
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [sent, setSent] = useState<number | null>(null);
  const [problem, setProblem] = useState('');
  const picture = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const file = picture.current?.files?.[0];
    setProblem('');
    setSent(0);
    try {
      const post = await createPost(title, text);
      if (file !== undefined) await uploadImage(post.id, file, setSent);
      setTitle('');
      setText('');
      if (picture.current !== null) picture.current.value = '';
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The post could not be sent.');
    } finally {
      setSent(null);
    }
  };

  return (
    <form className="card composer" onSubmit={submit}>
      <label>
        Title
        <input name="title" value={title} onChange={(event) => setTitle(event.target.value)} maxLength={120} required />
      </label>
      <label>
        Text
        <textarea
          name="text"
          value={text}
          onChange={(event) => setText(event.target.value)}
          rows={3}
          maxLength={2000}
        />
      </label>
      <div className="row">
        <label className="file">
          Picture
          <input name="image" type="file" accept="image/png,image/jpeg,image/gif,image/webp,image/avif" ref={picture} />
        </label>
        <button type="submit" disabled={sent !== null}>
          {sent === null ? 'Publish' : 'Publishing…'}
        </button>
      </div>
      {sent !== null && <progress aria-label="Upload" value={sent} max={1} />}
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
