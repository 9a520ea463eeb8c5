'use client';

import { useEffect, useState } from 'react';

export function Posts() {
  const [posts, setPosts] = useState([]);
  const [status, setStatus] = useState('');

  useEffect(() => {
    fetch('/api/posts').then(async (answer) => {
      if (answer.ok) setPosts(await answer.json());
      setStatus(`GET ${answer.status}`);
    });
  }, []);

  const add = async () => {
    const answer = await fetch('/api/posts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'From the page' }),
    });
    if (answer.ok) setPosts([...posts, await answer.json()]);
    setStatus(`POST ${answer.status}`);
  };

  return (
    <section>
      <button type="button" id="add" onClick={add}>
        Add
      </button>
      <output>{status}</output>
      <ul>
        {posts.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </section>
  );
}
