import { defineConfig } from 'sallyport/config';

export default defineConfig({
  to: 'http://127.0.0.1:3000',
  listen: '127.0.0.1:4000',
  mode: 'enforce',
  // The gate's own accounts. The backend knows nothing of them, and did not change: who wrote a post is what the gate saw.
  login: { accounts: { signUp: 'open' } },
  records: 'memory',
  routes: [
    { match: 'GET /api/posts' },
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
  ],
});
