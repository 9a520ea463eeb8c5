import express, { type Router } from 'express';
import multer from 'multer';
import { assistant } from './assistant.ts';
import { prints } from './prints.ts';
import type { Posts } from './posts.ts';

const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 64 * 1024 * 1024, files: 1 } });

/** `/api/posts` and what belongs to it. */
export function api(posts: Posts): Router {
  const router = express.Router();
  router.use(express.json());

  router.get('/posts', (_request, response) => {
    response.json(posts.list());
  });

  router.post('/posts', (request, response) => {
    const title = text(request.body?.title);
    if (title === '') {
      response.status(400).json({ message: 'A post needs a title.' });
      return;
    }
    response.status(201).json(posts.create(title, text(request.body?.text)));
  });

  router.get('/posts/:id', (request, response) => {
    const post = posts.find(Number(request.params.id));
    if (post === null) response.status(404).json({ message: 'No such post.' });
    else response.json({ ...post, words: post.text.split(/\s+/).filter((word) => word !== '').length });
  });

  router.get('/search', (request, response) => {
    const words = String(request.query['words'] ?? '')
      .toLowerCase()
      .slice(0, 100);
    response.json(posts.list().filter(({ title, text }) => `${title} ${text}`.toLowerCase().includes(words)));
  });

  router.delete('/posts/:id', (request, response) => {
    response.status(posts.delete(Number(request.params.id)) ? 204 : 404).end();
  });

  router.put('/posts/:id/image', upload.single('image'), (request, response) => {
    const file = request.file;
    if (file === undefined || !/^image\/(png|jpeg|gif|webp|avif)$/.test(file.mimetype)) {
      response.status(400).json({ message: 'A PNG, JPEG, GIF, WebP or AVIF picture is needed.' });
      return;
    }
    const post = posts.setImage(Number(request.params['id']), { type: file.mimetype, bytes: file.buffer });
    if (post === null) response.status(404).json({ message: 'No such post.' });
    else response.json(post);
  });

  router.get('/posts/:id/image', (request, response) => {
    const image = posts.image(Number(request.params.id));
    if (image === null) response.status(404).end();
    else response.type(image.type).send(image.bytes);
  });

  router.get('/export', (_request, response) => {
    response.attachment('posts.json').send(JSON.stringify(posts.list(), null, 2));
  });

  router.post('/ask', assistant(posts));
  router.use(prints(posts));

  return router;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, 2000) : '';
}
