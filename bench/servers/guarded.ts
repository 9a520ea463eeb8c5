import { createServer, type RequestListener } from 'node:http';
import { createGuard } from 'sallyport';
import { createNodeHandler } from 'sallyport/node';
import { announce, answer, listenOn } from './support.ts';

let handler: RequestListener = (_request, response) => void response.writeHead(503).end();
const server = createServer((request, response) => handler(request, response));
const port = await listenOn(server);
const guard = await createGuard({
  mode: 'enforce',
  listen: `127.0.0.1:${port}`,
  clients: { default: { stamp: 'waive' } },
  mint: { perPrefix: 1_000_000, total: 1_000_000 },
});
handler = createNodeHandler(guard, answer);
announce(port);
