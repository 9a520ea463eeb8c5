/** One request as the load generator sends it, made ahead of time. */
export interface Shot {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Flat: name, value, name, value … with Host. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** The fields that a browser sends with a call of a page, beside those of the call itself. */
export function pageFields(authority: string, method: string): readonly string[] {
  const origin = `http://${authority}`;
  return [
    'Host',
    authority,
    'Connection',
    'keep-alive',
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Accept',
    '*/*',
    'Accept-Encoding',
    'gzip, deflate, br, zstd',
    'Accept-Language',
    'en-US,en;q=0.9',
    'Referer',
    `${origin}/`,
    'Sec-Fetch-Site',
    'same-origin',
    'Sec-Fetch-Mode',
    'cors',
    'Sec-Fetch-Dest',
    'empty',
    ...(method === 'GET' ? [] : ['Origin', origin]),
  ];
}

/** A call without proof, for whoever asks for none. */
export function plainShot(authority: string, method: 'GET' | 'POST', path: string, body = ''): Shot {
  const typed = body === '' ? [] : ['Content-Type', 'application/json', 'Content-Length', `${Buffer.byteLength(body)}`];
  return { method, path, fields: [...pageFields(authority, method), ...typed], body };
}

/** The bytes on the wire. */
export function toText({ method, path, fields, body }: Shot): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at + 1 < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return `${head}\r\n${body}`;
}
