import { type IncomingMessage, request } from 'node:http';
import { createSender, type RawRequest } from '../../../src/lab/http.ts';
import { parseTarget } from '../../../src/lab/target.ts';
import { createWireClient } from '../../../src/lab/wire-client.ts';
import { wireHeaders } from '../../../src/lab/wire-headers.ts';

/** A request of one of the app's pages, or of a program. */
export interface Asked {
  readonly method?: string;
  /** Byte for byte. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: string | Buffer;
}

export interface Got {
  readonly status: number;
  readonly message: string;
  /** Values by lower-case name, in the order they came. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** A client that has walked the doors, without a browser. */
export interface Walk {
  /** The token against forgery that the app gave its page. */
  readonly token: string;
  /** The cookies so far: the app's and the gate's. */
  cookies(): string;
  /** The signed request, for whoever sends it himself. */
  sign(asked: Asked): RawRequest;
  send(asked: Asked): Promise<Got>;
  close(): void;
}

/** Loads the page, enters, and takes the token of the page that it then gets with its cookies. */
export async function walk(url: string): Promise<Walk> {
  const at = parseTarget(url);
  let asked: Asked = { target: '/' };
  // The client asks its target about path and query with every call: one session for all of them.
  const target = {
    ...at,
    get path() {
      return asked.target.split('?')[0] ?? '';
    },
    get query() {
      return /\?.*/.exec(asked.target)?.[0] ?? '';
    },
  };
  const sender = createSender(at);
  const client = createWireClient(target, '/', sender);
  const opening = await client.open();
  if (!opening.opened) throw new Error(opening.why);
  const { navigation } = wireHeaders(at, '/');
  const fields = [...navigation, 'Cookie', client.cookies()];
  const page = await sendRaw(url, { method: 'GET', target: '/', fields, body: null });
  const token = tokenOf(page.body);
  const sign = (next: Asked): RawRequest => {
    asked = next;
    const { method = 'GET', body, type = '', headers = {} } = next;
    const whole = body === undefined ? {} : { body: Buffer.from(body) };
    const signed = client.sign({ method, ...whole, ...(type === '' ? {} : { contentType: type }) });
    return { ...signed, fields: [...signed.fields, ...Object.entries(headers).flat()] };
  };
  return {
    token,
    cookies: client.cookies,
    sign,
    send: (next) => sendRaw(url, sign(next)),
    close: () => sender.close(),
  };
}

export const tokenOf = (page: string): string => /name="csrf-token" content="([^"]+)"/.exec(page)?.[1] ?? '';

/** One exchange on a connection of its own; nothing is added but Connection. */
export function sendRaw(url: string, { method, target, fields, body }: RawRequest): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const asked = openRaw(url, { method, target, fields, body }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk) => {
      text += String(chunk);
    });
    answer.on('end', () =>
      resolve({
        status: answer.statusCode ?? 0,
        message: answer.statusMessage ?? '',
        fields: byName(answer.rawHeaders),
        body: text,
      }),
    );
    answer.on('error', reject);
  });
  asked.on('error', reject);
  return promise;
}

export function openRaw(url: string, { method, target, fields, body }: RawRequest, on: (a: IncomingMessage) => void) {
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, method, path: target, headers: [...fields], agent: false }, on);
  asked.end(body ?? undefined);
  return asked;
}

function byName(raw: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? '';
    fields.set(name, [...(fields.get(name) ?? []), raw[i + 1] ?? '']);
  }
  return fields;
}

/** The body and type of a form with a file, as browsers write it. */
export function multipart(note: string, name: string, content: Buffer): { type: string; body: Buffer } {
  const line = '----sallyport7MA4YWxkTrZu0gW';
  const head = `--${line}\r\nContent-Disposition: form-data; name="note"\r\n\r\n${note}\r\n--${line}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    type: `multipart/form-data; boundary=${line}`,
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${line}--\r\n`)]),
  };
}
