import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatModel } from '../../../src/behaviour/model-file.ts';
import { createSchool, type SchoolOptions } from './school.ts';

/** An app on loopback that answers everything, and the file of a model that knows how people use it. */
export interface TaughtApp {
  readonly url: string;
  /** Path of the model. */
  readonly model: string;
  /** Sessions that taught it. */
  readonly learned: number;
  close(): Promise<void>;
}

/** @param visits of people, made up, that teach it */
export async function startTaughtApp(visits: number, options: SchoolOptions): Promise<TaughtApp> {
  const folder = await mkdtemp(join(tmpdir(), 'behaviour-'));
  const model = join(folder, 'model.json');
  const school = createSchool(options);
  school.teach(Array.from({ length: visits }, () => school.visit(school.person())));
  await writeFile(model, formatModel(school.book.model, school.book.routes.names));
  const server = createServer((request, response) => {
    const page = request.url === '/';
    response.writeHead(200, { 'content-type': page ? 'text/html' : 'application/json', 'cache-control': 'no-store' });
    response.end(page ? '<!doctype html><head></head><body></body>' : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // bound to TCP above
  return {
    url: `http://127.0.0.1:${port}`,
    model,
    learned: school.book.model.learned,
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
