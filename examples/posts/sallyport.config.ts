import { defineConfig } from 'sallyport/config';

export default defineConfig({
  to: 'http://127.0.0.1:3000',
  listen: '127.0.0.1:4000',
  mode: 'enforce',
  routes: [
    { match: 'GET /api/posts' },
    { match: 'POST /api/posts' },
    { match: 'DELETE /api/posts/:id' },
    { match: 'GET /api/feed' },
    { match: 'GET /api/chat' },
    { match: 'PUT /api/posts/:id/image', contentTypes: ['multipart/form-data'] },
    // <img> and a plain download link cannot sign: the session's cookie is what they show.
    { match: 'GET /api/posts/:id/image', carriers: ['media'] },
    { match: 'GET /api/export', carriers: ['navigation'] },
  ],
});
