import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { announce, settings } from './support.ts';

const app = fastify({ logger: false });
await app.register(httpProxy, { upstream: settings()['to'] ?? '' });
const origin = await app.listen({ port: 0, host: '127.0.0.1' });
announce(Number(new URL(origin).port));
