import { AccountBar, LOGIN } from './AccountBar.tsx';
import { Assistant } from './Assistant.tsx';
import { Chat } from './Chat.tsx';
import { Composer } from './Composer.tsx';
import { PostCard } from './PostCard.tsx';
import { Prints } from './Prints.tsx';
import { Search } from './Search.tsx';
import { Tries } from './Tries.tsx';
import { useAccount } from './useAccount.ts';
import { useChat } from './useChat.ts';
import { usePosts } from './usePosts.ts';

export function App() {
  const { posts, live, problem } = usePosts();
  const chat = useChat();
  const { account, logOut } = useAccount();
  const mayWrite = account.state === 'none' || (account.state === 'known' && account.person !== null);
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
        <a className="quiet" href="/report">
          Report
        </a>
        <AccountBar account={account} logOut={() => void logOut()} />
      </header>
      <main>
        <section className="column" aria-label="Posts">
          {mayWrite && <Composer />}
          {account.state === 'known' && account.person === null && (
            <p className="card invitation">
              <a href={LOGIN}>Log in</a> to write. Whoever wrote a post may delete it.
            </p>
          )}
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
        <div className="column side">
          <Search />
          <Assistant />
          <Prints posts={posts ?? []} />
          <Chat lines={chat.lines} connected={chat.present > 0} say={chat.say} />
          <Tries />
        </div>
      </main>
    </>
  );
}
