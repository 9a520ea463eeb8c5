import type { RawAnswer, Sender } from './http.ts';
import type { Lab } from './lab.ts';
import { findPackage } from './optional.ts';

/** The part of impit that is used. */
interface Impit {
  readonly Impit: new (options: unknown) => { fetch(url: string, init: unknown): Promise<Response> };
}

/** What it says by itself as the browser it imitates, or counts itself. */
const ITS_OWN: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'user-agent',
  'accept-encoding',
  'accept-language',
]);

const BODY_LIMIT = 256 * 1024;
const TIMEOUT = 10_000;
/** Milliseconds after which an answer that does not end is left: its head is what the lab needs. */
const BODY_TIMEOUT = 1_000;

/** A sender with Chrome's handshake and headers. Throws NotRun (not-run.ts) where impit is not installed. */
export async function impersonator({ target }: Pick<Lab, 'target'>): Promise<Sender> {
  // SAFETY: an optional library without a type of ours; the interface above is what its documentation says.
  const { Impit } = (await import(findPackage('impit'))) as Impit;
  // Loopback only (target.ts): the certificate of one's own gate need not be one that this machine trusts.
  const client = new Impit({ browser: 'chrome', ignoreTlsErrors: true, timeout: TIMEOUT });
  return {
    async send({ method, target: path, fields, body }): Promise<RawAnswer> {
      const init = { method, headers: distinct(fields), redirect: 'manual', ...(body === null ? {} : { body }) };
      try {
        const answer = await client.fetch(target.origin + path, init);
        const got = [...answer.headers].flat();
        return { status: answer.status, fields: got, body: await start(answer), failed: '' };
      } catch (error) {
        const failed = error instanceof Error ? error.message.split('\n')[0] : '';
        return { status: 0, fields: [], body: new Uint8Array(0), failed: failed || 'failed' };
      }
    },
    close: () => undefined,
  };
}

/** Each field once, as a browser sends it: the last value of a name wins. */
function distinct(fields: readonly string[]): [string, string][] {
  const all = new Map<string, [string, string]>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!ITS_OWN.has(name.toLowerCase())) all.set(name.toLowerCase(), [name, fields[i + 1] ?? '']);
  }
  return [...all.values()];
}

/** The start of a body: as much as any attacker looks at. */
async function start(answer: Response): Promise<Uint8Array> {
  const none = new Uint8Array(0);
  let timer: NodeJS.Timeout | undefined;
  const cut = new Promise<Uint8Array>((resolve) => {
    timer = setTimeout(() => resolve(none), BODY_TIMEOUT);
  });
  const whole = answer.bytes().then((bytes) => bytes.subarray(0, BODY_LIMIT));
  const body = await Promise.race([whole.catch(() => none), cut]);
  clearTimeout(timer);
  return body;
}
