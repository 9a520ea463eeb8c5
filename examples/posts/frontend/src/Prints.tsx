import { useState } from 'react';
import { orderPrint, type Post, type Quote, quotePrint } from './api.ts';

/** A post on paper, in two steps: its price, then the order. */
export function Prints({ posts }: { posts: Post[] }) {
  const [chosen, setChosen] = useState(0);
  const [quote, setQuote] = useState<Quote | null>(null);
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState('');
  const post = posts.find(({ id }) => id === chosen) ?? posts[0];

  const step = async (work: () => Promise<void>) => {
    setSaid('');
    setProblem('');
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'That did not work.');
    }
  };
  const choose = (id: number) => {
    setChosen(id);
    setQuote(null);
  };
  const order = (id: number) =>
    step(async () => {
      const { number, title } = await orderPrint(id);
      setQuote(null);
      setSaid(`Ordered: “${title}”, number ${number}. Nothing will arrive; this is an example.`);
    });

  if (post === undefined) return null;
  return (
    <section className="card prints" aria-labelledby="prints-title">
      <h2 id="prints-title">A post on paper</h2>
      <select aria-label="Post" value={post.id} onChange={(event) => choose(Number(event.target.value))}>
        {posts.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
      <div className="row">
        {quote === null ? (
          <button type="button" onClick={() => void step(async () => setQuote(await quotePrint(post.id)))}>
            See the price
          </button>
        ) : (
          <>
            <span>{quote.price}</span>
            <button type="button" onClick={() => void order(quote.post)}>
              Order
            </button>
          </>
        )}
      </div>
      {said !== '' && <p role="status">{said}</p>}
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
