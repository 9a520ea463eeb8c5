import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { announce, listenOn, settings } from './support.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const proxy = httpProxy.createProxyServer({ target: settings()['to'] ?? '', agent });
proxy.on('error', (_error, _request, response) => response.end());
announce(await listenOn(createServer((request, response) => proxy.web(request, response))));
