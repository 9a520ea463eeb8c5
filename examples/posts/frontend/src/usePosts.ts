import { useCallback, useEffect, useState } from 'react';
import { listPosts, type Post } from './api.ts';

/** The posts, kept current by the server's feed. */
export function usePosts(): { posts: Post[] | null; live: boolean; problem: string } {
  const [posts, setPosts] = useState<Post[] | null>(null);
  const [live, setLive] = useState(false);
  const [problem, setProblem] = useState('');

  const load = useCallback(async () => {
    try {
      setPosts(await listPosts());
      setProblem('');
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'The posts could not be loaded.');
    }
  }, []);

  useEffect(() => {
    const feed = new EventSource('/api/feed');
    feed.onopen = () => {
      setLive(true);
      void load();
    };
    feed.onerror = () => setLive(false);
    const on = (kind: string, apply: (posts: Post[], post: Post) => Post[]) =>
      feed.addEventListener(kind, (event) => {
        const post: Post = JSON.parse(event.data);
        setPosts((before) => apply(before ?? [], post));
      });
    on('created', (all, post) => [post, ...all.filter(({ id }) => id !== post.id)]);
    on('changed', (all, post) => all.map((other) => (other.id === post.id ? post : other)));
    on('deleted', (all, post) => all.filter(({ id }) => id !== post.id));
    void load();
    return () => feed.close();
  }, [load]);

  return { posts, live, problem };
}
