import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import fc from 'fast-check';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { aliasesOf } from '../../src/lab/alias-corpus.ts';
import { sendRaw } from '../support/raw.ts';

/**
 * R12: whatever a backend takes for a protected address, the gate does too. Each backend has habits of its own, and
 * counts how often its secret was served; the corpus and random mutations of it are sent without a proof.
 */
interface Habit {
  readonly name: string;
  readonly listener: (served: () => void) => RequestListener;
}

const plain = (status: number, text: string): { status: number; text: string } => ({ status, text });

function byPath(pathOf: (target: string) => string, served: () => void): RequestListener {
  return (request, response) => {
    const override = request.headers['x-original-url'] ?? request.headers['x-rewrite-url'];
    const target = typeof override === 'string' ? override : (request.url ?? '');
    const hit = pathOf(target.split('?')[0] ?? '') === '/api/secret';
    if (hit) served();
    const { status, text } = hit ? plain(200, 'the secret') : plain(404, 'nothing');
    response.writeHead(status).end(text);
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** As servers that resolve before they route. */
const resolved = (path: string): string => new URL(path.replace(/^\/+/, '/'), 'http://x').pathname;

const HABITS: Habit[] = [
  {
    name: 'Express: any case, optional trailing slash, decoded parameters',
    listener(served) {
      const app = express();
      app.get('/api/secret', (_request, response) => {
        served();
        response.send('the secret');
      });
      return app;
    },
  },
  { name: 'one that percent-decodes before it routes', listener: (served) => byPath(decoded, served) },
  { name: 'one that decodes twice', listener: (served) => byPath((path) => decoded(decoded(path)), served) },
  { name: 'one that drops ;parameters', listener: (served) => byPath((path) => path.replace(/;[^/]*/g, ''), served) },
  {
    name: 'one that decodes, then drops ;parameters',
    listener: (served) => byPath((path) => decoded(path).replace(/;[^/]*/g, ''), served),
  },
  {
    name: 'one that merges slashes and ignores case',
    listener: (served) =>
      byPath(
        (path) =>
          path
            .replace(/\/+/g, '/')
            .replace(/(.)\/$/, '$1')
            .toLowerCase(),
        served,
      ),
  },
  {
    name: 'one that resolves dot segments after decoding',
    listener: (served) => byPath((path) => resolved(decoded(path)), served),
  },
  {
    name: 'one that takes backslashes for slashes',
    listener: (served) => byPath((path) => decoded(path).replaceAll('\\', '/').replace(/\/+/g, '/'), served),
  },
];

async function listening(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function corpus(port: number): ReturnType<typeof aliasesOf> {
  const authority = `localhost:${port}`;
  const place = { origin: `http://${authority}`, secure: false, hostname: 'localhost', port, authority };
  return aliasesOf({ ...place, path: '/api/secret', query: '' }, '/');
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

const request = (port: number, method: string, target: string, fields: readonly string[] = []): string => {
  const lines = [`${method} ${target} HTTP/1.1`];
  const hasHost = fields.some((field, index) => index % 2 === 0 && field.toLowerCase() === 'host');
  if (!hasHost) lines.push(`Host: localhost:${port}`);
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`;
};

for (const habit of HABITS) {
  describe(`R12 aliases before ${habit.name}`, () => {
    let backend: Server;
    let gate: Gate;
    let count = 0;

    before(async () => {
      backend = await listening(habit.listener(() => count++));
      gate = await startGate({ to: `http://127.0.0.1:${portOf(backend)}`, listen: '127.0.0.1:0', mode: 'enforce' });
    });
    after(async () => {
      await gate.close({ graceMs: 0 });
      await close(backend);
    });

    test('the backend serves its secret when it is asked directly', async () => {
      const before = count;
      await sendRaw(portOf(backend), request(portOf(backend), 'GET', '/api/secret'));
      assert.equal(count, before + 1);
    });

    test('some alias of the corpus reaches it where there is no gate', async () => {
      const before = count;
      for (const alias of corpus(portOf(backend))) {
        const { method, target, fields } = alias.request;
        await sendRaw(portOf(backend), request(portOf(backend), method, target, fields));
      }
      assert.ok(count > before, 'else this backend would show nothing');
    });

    test('no alias of the corpus reaches it without a proof', async () => {
      const aliases = corpus(gate.address.port);
      const { port } = gate.address;
      const before = count;
      for (const alias of aliases) {
        await sendRaw(port, request(port, alias.request.method, alias.request.target, alias.request.fields));
        assert.equal(count, before, `${alias.name}: ${alias.request.target}`);
      }
    });

    test('no random mutation does either', async () => {
      const piece = fc.constantFrom(
        '/',
        '//',
        '%2f',
        '%2F',
        '\\',
        '%5c',
        '.',
        '..',
        '%2e',
        ';x',
        '%3b',
        '%',
        '?',
        '%23',
        ' ',
        '+',
        'é',
      );
      const letter = fc.constantFrom(...'apisecret'.split(''), '%61', '%41', 'A', '%70', '%69', 'S', '%73', '%2573');
      const mutation = fc.array(fc.oneof({ weight: 2, arbitrary: letter }, { weight: 1, arbitrary: piece }), {
        maxLength: 6,
      });
      const spelled = fc
        .tuple(
          fc.array(fc.constantFrom('/', '//', '/./', '/x/../', '/%2e/', '/;a/'), { minLength: 1, maxLength: 2 }),
          mutation,
          fc.constantFrom('api', 'API', '%61pi', 'api;x', 'Api%20'),
          fc.constantFrom('/', '%2f', '//', '/./', '\\'),
          fc.constantFrom('secret', 'SECRET', 'secre%74', 'secret;x', 'secret/', 'secret%00'),
        )
        .map(
          ([lead, noise, head, slash, tail]) =>
            lead.join('') + (noise.length > 4 ? noise.join('') : '') + head + slash + tail,
        );
      const { port } = gate.address;
      await fc.assert(
        fc.asyncProperty(spelled, async (target) => {
          const before = count;
          await sendRaw(port, Buffer.from(request(port, 'GET', target), 'latin1'));
          assert.equal(count, before, target);
        }),
        { numRuns: 150 },
      );
    });
  });
}
