import type { Request, Response } from 'express';
import type { Change, Posts } from './posts.ts';

/** Server-sent events: one for every change of a post, from now on. */
export function feed(posts: Posts): (request: Request, response: Response) => void {
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.write('retry: 2000\n\n');
    const send = ({ kind, post }: Change): void => {
      response.write(`event: ${kind}\ndata: ${JSON.stringify(post)}\n\n`);
    };
    const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
    posts.on('change', send);
    response.on('close', () => {
      clearInterval(beat);
      posts.off('change', send);
    });
  };
}
