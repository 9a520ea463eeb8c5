import type { CDPSession, Page } from 'puppeteer-core';
import { type AnswerKind, BACKEND, codeByHead } from './answer.ts';

/**
 * What became of a page's requests, seen from under the page: also of those whose answers the page itself may not
 * read. Bodies stay unread, so refusals are told by their heads.
 */
export interface Watch {
  /**
   * Who answered what was sent to addresses containing `mark`, preflights apart, within `patience` ms. A refused
   * WebSocket tells its status only: its handshake is sent once more by `probe`, and both count.
   */
  outcome(mark: string, patience: number): Promise<readonly AnswerKind[]>;
  stop(): Promise<void>;
}

interface Seen {
  readonly url: string;
  readonly preflight: boolean;
  status: number;
  fields: string[];
  failed: string;
  /** When it failed: the head of its answer may be told of later. */
  failedAt: number;
  /** Fields of a WebSocket handshake. */
  handshake: readonly string[];
}

export type Probe = (url: string, fields: readonly string[]) => Promise<AnswerKind>;

export async function watch(page: Page, probe: Probe): Promise<Watch> {
  const session = await page.createCDPSession();
  const seen = new Map<string, Seen>();
  listen(session, seen);
  await session.send('Network.enable');
  return {
    async outcome(mark, patience) {
      const deadline = performance.now() + patience;
      for (;;) {
        const marked = [...seen.values()].filter((one) => one.url.includes(mark));
        const refused = marked.find((one) => one.handshake.length > 0 && one.status >= 400);
        if (refused !== undefined) {
          const kind = await probe(refused.url, refused.handshake);
          return [kind, kind];
        }
        const kind = judge(marked);
        if (kind !== null) return [kind];
        if (performance.now() > deadline) return [{ by: 'nobody', why: 'nothing was sent' }];
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: () => session.detach(),
  };
}

/** Milliseconds that the head of an answer may come after the word that it was blocked. */
const HEAD_MS = 2_000;

/** Null while nothing is settled. One answer of the backend decides, whatever else happened. */
function judge(requests: readonly Seen[]): AnswerKind | null {
  const main = requests.filter((one) => !one.preflight);
  const answered = main.filter((one) => one.status !== 0);
  if (answered.some((one) => codeByHead(one.fields) === null || one.status < 400)) return BACKEND;
  if (answered.length > 0) return { by: 'gate', code: 'unknown' };
  const failed = main.find((one) => one.failed !== '');
  if (failed === undefined) return null;
  const preflighted = requests.some((one) => one.preflight) || failed.failed.includes('Preflight');
  if (preflighted) return { by: 'gate', code: 'preflight' };
  // What the browser keeps from the page (ORB) was answered: Chromium sends the head in an event of its own.
  return performance.now() - failed.failedAt < HEAD_MS ? null : { by: 'nobody', why: failed.failed };
}

function listen(session: CDPSession, seen: Map<string, Seen>): void {
  const start = (id: string, url: string, preflight: boolean) => {
    seen.set(id, { url, preflight, status: 0, fields: [], failed: '', failedAt: 0, handshake: [] });
  };
  const answer = (id: string, status: number, headers: Readonly<Record<string, string>>) => {
    const one = seen.get(id);
    if (one === undefined) early.set(id, { status, headers });
    else Object.assign(one, { status, fields: Object.entries(headers).flat() });
  };
  // Extra info may come before the request it belongs to.
  const early = new Map<string, { status: number; headers: Readonly<Record<string, string>> }>();
  session.on('Network.requestWillBeSent', (event) => {
    start(event.requestId, event.request.url, event.type === 'Preflight');
    const known = early.get(event.requestId);
    if (known !== undefined) answer(event.requestId, known.status, known.headers);
  });
  session.on('Network.responseReceivedExtraInfo', (event) => answer(event.requestId, event.statusCode, event.headers));
  session.on('Network.responseReceived', (event) => {
    if (seen.get(event.requestId)?.status === 0) answer(event.requestId, event.response.status, event.response.headers);
  });
  session.on('Network.loadingFailed', (event) => {
    const one = seen.get(event.requestId);
    if (one === undefined) return;
    one.failed = event.corsErrorStatus?.corsError ?? event.blockedReason ?? event.errorText;
    one.failedAt = performance.now();
  });
  session.on('Network.webSocketCreated', (event) => start(event.requestId, event.url, false));
  session.on('Network.webSocketWillSendHandshakeRequest', (event) => {
    const one = seen.get(event.requestId);
    if (one !== undefined) one.handshake = Object.entries(event.request.headers).flat();
  });
  session.on('Network.webSocketHandshakeResponseReceived', (event) =>
    answer(event.requestId, event.response.status, event.response.headers),
  );
  session.on('Network.webSocketFrameError', (event) => {
    const one = seen.get(event.requestId);
    const status = Number(/response code: (\d+)/.exec(event.errorMessage)?.[1] ?? 0);
    if (one !== undefined && one.status === 0) Object.assign(one, { status, failed: event.errorMessage });
  });
}
