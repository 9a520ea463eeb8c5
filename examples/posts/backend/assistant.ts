import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Post, Posts } from './posts.ts';

/** Milliseconds between two words, as a model would let people wait. */
const PACE_MS = 30;
const WORDS: Readonly<Record<string, number>> = { large: 40, small: 12 };

/**
 * Questions about the posts, answered word by word as server-sent events. No model is behind it, but it is paid like one:
 * the last event says how many tokens were used.
 */
export function assistant(posts: Posts): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const question = String(request.body?.question ?? '').slice(0, 500);
    if (question.trim() === '') {
      response.status(400).json({ message: 'Please ask something.' });
      return;
    }
    const most = WORDS[String(request.body?.model ?? 'large')] ?? 40;
    const words = answerTo(question, posts.list()).split(' ').slice(0, most);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    for (const word of words) {
      if (response.destroyed) return;
      response.write(`data: ${JSON.stringify({ word })}\n\n`);
      await sleep(PACE_MS);
    }
    const used = question.split(/\s+/).length + words.length;
    response.end(`data: ${JSON.stringify({ usage: { total_tokens: used } })}\n\n`);
  };
}

function answerTo(question: string, posts: readonly Post[]): string {
  const asked = wordsOf(question);
  const fits = (post: Post): number =>
    wordsOf(`${post.title} ${post.text}`).filter((word) => asked.includes(word)).length;
  const [best] = posts.toSorted((a, b) => fits(b) - fits(a));
  if (best === undefined) return 'Nobody has written anything yet, so there is nothing I could tell you.';
  if (fits(best) === 0)
    return `None of the posts says anything about that. The latest is “${best.title}”: ${best.text}`;
  return `“${best.title}” comes closest. It says: ${best.text}`;
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 3);
