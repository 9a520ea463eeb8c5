import { Chat } from './Chat.tsx';
import { Composer } from './Composer.tsx';
import { PostCard } from './PostCard.tsx';
import { useChat } from './useChat.ts';
import { usePosts } from './usePosts.ts';

export function App() {
  const { posts, live, problem } = usePosts();
  const chat = useChat();
  return (
    <>
      <header>
        <h1>Posts</h1>
        <p className="state" role="status">
          <span className={live ? 'dot on' : 'dot'} aria-hidden="true" />
          {live ? 'Live' : 'Connecting'}
          {chat.present > 0 && ` · ${chat.present} here`}
        </p>
        <a className="quiet" href="/api/export" download>
          Download all
        </a>
      </header>
      <main>
        <section className="column" aria-label="Posts">
          <Composer />
          {problem !== '' && (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          {posts?.length === 0 && <p className="empty">Nothing here yet. Write the first post.</p>}
          <ul className="posts">
            {posts?.map((post) => (
              <PostCard key={post.id} post={post} />
            ))}
          </ul>
        </section>
        <Chat lines={chat.lines} connected={chat.present > 0} say={chat.say} />
      </main>
    </>
  );
}
