// An app of one page that calls its API as soon as it runs, and notes when the answer was there.
import { createServer } from 'node:http';
import { announce, answer, listenOn } from './support.ts';

const PAGE = `<!doctype html>
<html><head><title>Bench</title><link rel="icon" href="data:,"></head>
<body><script>
fetch('/api/posts/7').then((response) => response.text().then(() => { window.first = { at: performance.now(), status: response.status }; }));
</script></body></html>`;

announce(
  await listenOn(
    createServer((request, response) => {
      if (request.url?.startsWith('/api/')) return answer(request, response);
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' }).end(PAGE);
      return undefined;
    }),
  ),
);
