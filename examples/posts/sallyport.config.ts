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
  routes: [
    // Servers of partners read the list by API keys.
    { match: 'GET /api/posts', keys: ['posts:read'] },
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
