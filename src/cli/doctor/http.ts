import { Agent, request } from 'undici';

/** An answer, as far as `doctor` reads it. */
export interface Answer {
  /** 0 where nothing answered. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** About the first quarter of a megabyte. */
  readonly body: string;
  /** Why nothing answered; ''. */
  readonly trouble: string;
}

const MAX_BODY = 256 * 1024;

/** Fields by which a browser asks for a page. */
export const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
};

/** One GET. Certificates are not checked: the question is who answers, not whether to trust it. */
export async function get(url: string, headers: Record<string, string> = {}, timeout = 5_000): Promise<Answer> {
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: false, timeout },
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  try {
    const answer = await request(url, { headers, dispatcher, signal: AbortSignal.timeout(timeout) });
    let body = '';
    for await (const chunk of answer.body) {
      body += String(chunk);
      if (body.length > MAX_BODY) break;
    }
    return { status: answer.statusCode, headers: answer.headers, body, trouble: '' };
  } catch (error) {
    return { status: 0, headers: {}, body: '', trouble: reasonOf(error) };
  } finally {
    await dispatcher.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' ? (error.message.split('\n')[0] ?? '') : code;
}

/** All values of a header field. */
export function valuesOf(answer: Answer, name: string): string[] {
  const value = answer.headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
