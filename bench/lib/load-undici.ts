// The load generator where wrk is not installed: `load-undici.ts ORIGIN FILE SECONDS CONNECTIONS`.
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

const [origin = '', file = '', seconds = '1', connections = '32'] = process.argv.slice(2);

interface Parsed {
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: string | null;
}

const requests = readFileSync(file, 'latin1').split('\0').slice(0, -1).map(parse);
const pool = new Pool(origin, { connections: Number(connections), pipelining: 1 });
const begun = performance.now();
const end = begun + Number(seconds) * 1000;
const counted = { requests: 0, refused: 0, failed: 0 };
let next = 0;

await Promise.all(Array.from({ length: Number(connections) }, sendUntilTheEnd));
const microseconds = Math.round((performance.now() - begun) * 1000);
process.stdout.write(`${JSON.stringify({ ...counted, microseconds })}\n`);
await pool.destroy();

async function sendUntilTheEnd(): Promise<void> {
  while (performance.now() < end) {
    const one = requests[Math.min(next, requests.length - 1)];
    if (one === undefined) return;
    next += 1;
    try {
      const { statusCode, body } = await pool.request(one);
      await body.dump();
      counted.requests += 1;
      if (statusCode > 399) counted.refused += 1;
    } catch {
      counted.failed += 1;
    }
  }
}

/** The connection's own fields are undici's to write. */
function parse(text: string): Parsed {
  const split = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, split).split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon);
    return name === 'Connection' || name === 'Content-Length' ? [] : [name, line.slice(colon + 2)];
  });
  const body = text.slice(split + 4);
  return { method, path, headers, body: body === '' ? null : body };
}
