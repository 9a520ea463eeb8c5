import { open } from 'node:fs/promises';
import { isLoopback } from '../lib/loopback.ts';

/** What a list was when it was last read: enough to ask whether it has changed. */
export interface Mark {
  readonly etag: string;
  readonly modified: string;
}

export const NO_MARK: Mark = Object.freeze({ etag: '', modified: '' });

/** Null where nothing has changed since. */
export type Reading = { readonly text: string; readonly mark: Mark } | null;

const MOST_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 3;

/** Rejects where there is no such file, or it is too long. */
export async function readListFile(path: string, { modified }: Mark): Promise<Reading> {
  const file = await open(path);
  try {
    const { mtimeMs, size, ino } = await file.stat();
    const now = `${mtimeMs} ${size} ${ino}`;
    if (now === modified) return null;
    if (size > MOST_BYTES) throw new RangeError('longer than 32 MiB');
    return { text: await file.readFile('utf8'), mark: { etag: '', modified: now } };
  } finally {
    await file.close();
  }
}

/** Asks for what is newer than the mark. Rejects where the answer is not a list that was asked for, too long or too late. */
export async function readListUrl(url: string, { etag, modified }: Mark, ask: typeof fetch): Promise<Reading> {
  const headers: Record<string, string> = { accept: 'text/plain, application/json;q=0.9, */*;q=0.5' };
  if (etag !== '') headers['if-none-match'] = etag;
  if (modified !== '') headers['if-modified-since'] = modified;
  const answer = await followed(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, ask);
  if (answer.status === 304) return null;
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new TypeError(`answers ${answer.status}`);
  }
  // A page that says that something is wrong is no list, whatever its status.
  if (/^text\/html\b/i.test(answer.headers.get('content-type') ?? '')) {
    await answer.body?.cancel();
    throw new TypeError('answers with a page');
  }
  const mark = { etag: answer.headers.get('etag') ?? '', modified: answer.headers.get('last-modified') ?? '' };
  return { text: await wholeText(answer), mark };
}

/** `https:`, or `http:` on this machine: what others on the way can write decides about nobody. */
export const isTrustedUrl = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));

async function followed(url: string, init: RequestInit, ask: typeof fetch): Promise<Response> {
  let next = new URL(url);
  for (let hops = 0; ; hops++) {
    const answer = await ask(next.href, { ...init, redirect: 'manual' });
    const location = answer.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === null) return answer;
    await answer.body?.cancel();
    next = new URL(location, next);
    if (hops >= MOST_REDIRECTS || !isTrustedUrl(next)) throw new TypeError('leads elsewhere');
  }
}

async function wholeText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new RangeError('longer than 32 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
