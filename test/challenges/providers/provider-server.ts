import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProviderPages, type ProviderPages } from './provider-pages.ts';

/**
 * A provider on this machine that answers as the real ones document it: siteverify of reCAPTCHA, hCaptcha and Turnstile,
 * and reCAPTCHA Enterprise's assessments. Tokens are good once, for a while, for the key they were made with.
 */
export interface ProviderServer {
  readonly origin: string;
  /** What siteverify was asked, oldest first. */
  readonly asked: Asked[];
  /** A token as a widget would make it. */
  mint(token: Partial<Token>): string;
  /** How the next questions are answered, in turn; then as documented again. */
  readonly next: Trouble[];
  /** Milliseconds that the provider's clock is ahead of this machine's. */
  skew: number;
  /** What pages load from it. */
  readonly pages: ProviderPages;
  readonly server: Server;
  close(): Promise<void>;
}

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly fields: Readonly<Record<string, string>>;
}

export interface Token {
  readonly siteKey: string;
  readonly hostname: string;
  readonly action: string;
  readonly cdata: string;
  readonly score: number;
  /** Milliseconds since 1970 by the provider's clock. */
  readonly made: number;
}

/** Answers the question in the provider's place; `answer(false)` does all that an answer does, and sends none. */
export type Trouble = (response: ServerResponse, answer: (send?: boolean) => void) => void;

export const SITE_KEY = 'site-key-1';
export const SECRET = 'provider-secret-1';
export const API_KEY = 'provider-api-key-1';

const LIVES = { turnstile: 300_000, other: 120_000 };

export async function startProvider(): Promise<ProviderServer> {
  const tokens = new Map<string, Token & { used: boolean }>();
  /** Answers that an idempotency key brings back. */
  const given = new Map<string, object>();
  const state = { skew: 0 };
  const now = () => Date.now() + state.skew;
  const asked: Asked[] = [];
  const next: Trouble[] = [];

  function take(token: string, life: number): (Token & { used: boolean }) | null {
    const found = tokens.get(token);
    if (found === undefined || found.used || now() - found.made > life) return null;
    found.used = true;
    return found;
  }

  function siteverify(kind: string, fields: Readonly<Record<string, string>>): object {
    const { secret = '', response = '', idempotency_key: key = '', sitekey = SITE_KEY } = fields;
    const no = (code: string) => ({ success: false, 'error-codes': [code] });
    if (secret === '') return no('missing-input-secret');
    if (secret !== SECRET) return no('invalid-input-secret');
    if (response === '') return no('missing-input-response');
    const before = kind === 'turnstile' && key !== '' ? given.get(`${key} ${response}`) : undefined;
    if (before !== undefined) return before;
    const known = tokens.get(response);
    if (known === undefined)
      return no(kind === 'hcaptcha' ? 'invalid-or-already-seen-response' : 'invalid-input-response');
    if (known.siteKey !== sitekey)
      return no(kind === 'hcaptcha' ? 'sitekey-secret-mismatch' : 'invalid-input-response');
    const token = take(response, kind === 'turnstile' ? LIVES.turnstile : LIVES.other);
    if (token === null) return no(kind === 'hcaptcha' ? 'invalid-or-already-seen-response' : 'timeout-or-duplicate');
    const { hostname, action, cdata, score, made } = token;
    const challenge_ts = new Date(made).toISOString();
    const answers: Readonly<Record<string, object>> = {
      turnstile: { success: true, 'error-codes': [], challenge_ts, hostname, action, cdata, metadata: {} },
      hcaptcha: { success: true, challenge_ts, hostname, credit: false },
      recaptcha: { success: true, challenge_ts, hostname, action, score },
    };
    const answer = answers[kind] ?? no('bad-request');
    if (key !== '') given.set(`${key} ${response}`, answer);
    return answer;
  }

  function assess(text: string): object {
    const { event } = JSON.parse(text);
    const known = tokens.get(event.token);
    const token = known?.siteKey === event.siteKey ? take(event.token, LIVES.other) : null;
    const invalidReason = known === undefined ? 'MALFORMED' : known.used && token === null ? 'DUPE' : 'EXPIRED';
    if (token === null)
      return { tokenProperties: { valid: false, invalidReason }, riskAnalysis: { score: 0, reasons: [] } };
    const { hostname, action, score, made } = token;
    return {
      name: 'projects/1/assessments/1',
      event,
      riskAnalysis: { score, reasons: score < 0.5 ? ['AUTOMATION'] : [] },
      tokenProperties: { valid: true, hostname, action, createTime: new Date(made).toISOString() },
    };
  }

  function mint(token: Partial<Token>): string {
    const name = `tok.${randomBytes(24).toString('base64url')}`;
    const fallback = { siteKey: SITE_KEY, hostname: 'app.example', action: '', cdata: '', score: 0.9, made: now() };
    tokens.set(name, { ...fallback, ...token, used: false });
    return name;
  }
  const pages = createProviderPages(mint);

  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    const path = request.url ?? '';
    if (pages.answer(request, response, text)) return;
    const json = (status: number, body: object, send: boolean) => {
      if (!send) return;
      response.writeHead(status, { 'content-type': 'application/json', date: new Date(now()).toUTCString() });
      // Providers add members one day; nobody may mind.
      response.end(JSON.stringify({ ...body, surprise: { deep: [1, 2] } }));
    };
    const enterprise = path.startsWith('/v1/projects/');
    const fields = enterprise ? JSON.parse(text).event : Object.fromEntries(new URLSearchParams(text));
    asked.push({ path, headers: request.headers, fields });
    const answer = (send = true) => {
      if (!enterprise) return json(200, siteverify(path.slice(1), fields), send);
      if (request.headers['x-goog-api-key'] === API_KEY) return json(200, assess(text), send);
      const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
      json(400, { error: { code: 400, status: 'INVALID_ARGUMENT', details } }, send);
    };
    const trouble = next.shift();
    if (trouble === undefined) answer();
    else trouble(response, answer);
  });
  server.keepAliveTimeout = 1;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    next,
    server,
    get skew() {
      return state.skew;
    },
    set skew(milliseconds) {
      state.skew = milliseconds;
    },
    mint,
    pages,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
