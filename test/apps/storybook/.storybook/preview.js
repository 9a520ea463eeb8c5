import { HttpResponse, http } from 'msw/http';
import { setupWorker } from 'msw/browser';
import { install } from 'sallyport/browser';

const worker = setupWorker(
  http.get('/api/posts', ({ request }) => HttpResponse.json({ title: 'mocked', signed: signed(request) })),
  http.post('/api/posts', async ({ request }) =>
    HttpResponse.json({ ...(await request.clone().json()), signed: signed(request) }, { status: 201 }),
  ),
);

/** Says that no gate is here. Without it MSW warns of a request that it does not know. */
const noGate = http.post('/_sallyport/enter', () => new HttpResponse(null, { status: 204 }));

/** Names of the fields that only the script would have put on a request. */
function signed(request) {
  const fields = ['signature', 'signature-input', 'content-digest', 'sallyport-digest'];
  return fields.filter((name) => request.headers.has(name));
}

let started;

/** Once for a page, however many of its stories are shown. */
async function start(parameters) {
  if (parameters.gate !== 'unmentioned') worker.use(noGate);
  await worker.start();
  install({ protect: ['/api/**'] });
}

export default {
  loaders: [
    ({ parameters }) => {
      started ??= start(parameters);
      return started;
    },
  ],
};
