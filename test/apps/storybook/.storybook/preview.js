import { HttpResponse, http } from 'msw/http';
import { setupWorker } from 'msw/browser';
import { install } from 'sallyport/browser';

install({ protect: ['/api/**'] });

const worker = setupWorker(
  http.get('/api/posts', ({ request }) => HttpResponse.json({ title: 'mocked', ...seen(request) })),
  http.post('/api/posts', async ({ request }) =>
    HttpResponse.json({ ...(await request.clone().json()), ...seen(request) }, { status: 201 }),
  ),
);

/** What a request carries that only the gate’s script would have put there. */
function seen(request) {
  const fields = ['signature', 'signature-input', 'content-digest', 'sallyport-digest'];
  return { signed: fields.filter((name) => request.headers.has(name)) };
}

export default {
  loaders: [() => worker.start()],
};
