import { defineConfig } from 'sallyport/config';
import { signOn } from './sign-on/config.ts';

export default defineConfig({
  to: 'http://127.0.0.1:3000',
  listen: '127.0.0.1:4000',
  mode: 'enforce',
  // The gate's own accounts, and single sign-on at two OpenID providers, which `npm start` runs. The backend knows nothing
  // of them, and did not change: who wrote a post is what the gate saw.
  login: { accounts: { signUp: 'open' }, ...signOn },
  records: 'memory',
  antiForgery: { insert: true },
  // What all calls with a `cost` may cost together. A real one would say a day; here an hour, so that what was spent comes back.
  budget: { amount: '2 USD/hour', release: 'at-once', share: 0.25 },
  routes: [
    // Servers of partners read the list by API keys; one browser reads it so often.
    { match: 'GET /api/posts', keys: ['posts:read'], limit: '240/minute' },
    // Only posts that this session was shown: nobody counts through their numbers.
    { match: 'GET /api/posts/:id', served: { from: ['GET /api/posts', 'POST /api/posts'], at: ['$[*].id', '$.id'] } },
    // Each search costs the browser a moment of computing: the page’s script does it, and nobody sees it.
    { match: 'GET /api/search', challenge: 'always' },
    // It costs what its answer says, and the client chooses the question alone.
    {
      match: 'POST /api/ask',
      limit: '6/minute',
      concurrent: { session: 1 },
      allow: { model: false },
      cost: { max: '0.05 USD', actual: (answer) => tokensOf(answer.json()) * 0.001 },
      budget: { amount: '0.25 USD/hour', per: 'session' },
      degrade: { at: 0.8, by: async (request) => ({ body: { ...Object(await request.json()), model: 'small' } }) },
    },
    // First the price, then the order; nobody reads a price within a second.
    { match: 'POST /api/prints' },
    { match: 'POST /api/prints/order', after: 'POST /api/prints', within: 900, notBefore: 1, once: true },
    { match: 'POST /api/posts', user: true },
    { match: 'DELETE /api/posts/:id', creator: { of: 'POST /api/posts' } },
    { match: 'GET /api/feed' },
    { match: 'GET /api/chat' },
    {
      match: 'PUT /api/posts/:id/image',
      contentTypes: ['multipart/form-data'],
      creator: { of: 'POST /api/posts' },
    },
    // <img> and a plain download link cannot sign: the session's cookie is what they show.
    { match: 'GET /api/posts/:id/image', carriers: ['media'] },
    { match: 'GET /api/export', carriers: ['navigation'] },
    // A form that works without scripts: the token that the gate puts into it is what it shows.
    {
      match: 'POST /api/reports',
      level: 'site',
      carriers: ['form'],
      contentTypes: ['application/x-www-form-urlencoded'],
    },
  ],
});

const tokensOf = (event: unknown): number => Number(Object(Object(event)['usage'])['total_tokens']);
