import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Two OpenID providers of the demo, on loopback: where people of some company, and of some school, log in. */
export interface SignOn {
  readonly company: string;
  readonly school: string;
  close(): void;
}

/** Listens at once; the providers themselves are loaded when somebody first comes. */
export async function startSignOn(): Promise<SignOn> {
  const company = await listen('Example company');
  const school = await listen('Example school');
  return {
    company: company.url,
    school: school.url,
    close() {
      for (const { server } of [company, school]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listen(title: string): Promise<{ readonly url: string; readonly server: Server }> {
  let provider: Promise<RequestListener> | null = null;
  const server = createServer(async (request, response) => {
    provider ??= import('./provider.ts').then(({ createProvider }) => createProvider(url, title));
    (await provider)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { url, server };
}
