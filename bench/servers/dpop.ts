import { createServer } from 'node:http';
import { importJWK } from 'jose';
import { createDpopCheck, DPOP } from '../lib/dpop.ts';
import { announce, answer, listenOn, settings } from './support.ts';

const key = await importJWK(JSON.parse(settings()['issuerKey'] ?? '{}'), 'ES256');
if (key instanceof Uint8Array) throw new TypeError('the issuer has a public key');
const check = createDpopCheck(key, DPOP);

const server = createServer((request, response) => {
  const { authorization = '', dpop = '' } = request.headers;
  const url = `http://${request.headers.host}${request.url}`;
  check(request.method ?? '', url, authorization, typeof dpop === 'string' ? dpop : '').then(
    (passed) => (passed ? answer(request, response) : response.writeHead(401).end()),
    () => response.writeHead(401).end(),
  );
});
announce(await listenOn(server));
