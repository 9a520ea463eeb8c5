import express, { type Router } from 'express';
import type { Posts } from './posts.ts';

/** A post on paper, in two steps: what it would cost, then the order. Orders are counted and forgotten. Takes JSON that was parsed. */
export function prints(posts: Posts): Router {
  let ordered = 0;
  const router = express.Router();
  router.post('/prints', (request, response) => {
    const post = posts.find(Number(request.body?.post));
    if (post === null) response.status(404).json({ message: 'No such post.' });
    else response.json({ post: post.id, title: post.title, price: '12.00 EUR' });
  });
  router.post('/prints/order', (request, response) => {
    const post = posts.find(Number(request.body?.post));
    if (post === null) {
      response.status(404).json({ message: 'No such post.' });
      return;
    }
    ordered += 1;
    response.status(201).json({ number: ordered, title: post.title });
  });
  return router;
}
