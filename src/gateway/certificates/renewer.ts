import { readFileSync, rmSync } from 'node:fs';
import type { Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import type { AcmeConfig } from '../../guard/config-tls.ts';
import { AcmeError, type Challenges, issue } from './acme.ts';
import { answerByAlpn } from './alpn-challenge.ts';
import type { CertificateEvent } from './event.ts';
import { endOf, fingerprintOf, keepFile, keepPair, readPair, startOf } from './folder.ts';
import { listenPlain, type PlainServer } from './http-challenge.ts';
import { nameOf } from './kept.ts';
import { afterFailure, type Failures, laterOf, NO_FAILURES, renewalOf } from './schedule.ts';
import type { KeyPair } from './self-made.ts';
import type { CertificateShare, OpenChallenge } from './share.ts';

/** Longer waits than this are taken in parts: timers take 24 days at most, and clocks are set. */
const PART_MS = 6 * 3_600_000;

export interface RenewerParts {
  readonly config: AcmeConfig;
  readonly folder: string;
  readonly server: HttpsServer;
  /** An https origin for each name that people may be sent to. */
  originOf(host: string): string;
  isApi(path: string): boolean;
  /** Puts the kept certificate in force. */
  put(): void;
  tell(event: CertificateEvent): void;
  now(): number;
  readonly share: CertificateShare;
}

export interface Renewer {
  /** Port of the plain HTTP listener; 0 where there is none. */
  readonly plain: Promise<number>;
  close(): void;
}

/** Gets this certificate where there is none and renews it before it ends, until it is closed. */
export function startRenewer(parts: RenewerParts): Renewer {
  const { config, folder, server, now } = parts;
  const name = nameOf(config);
  const answers = new Map<string, string>();
  const byAlpn = config.challenge === 'tls-alpn-01';
  const plain = byAlpn ? null : openPlain(parts, answers);
  const challenges = byAlpn ? alpnChallenges(server, parts.share) : httpChallenges(answers);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  /** Beside what lies on the disk: a disk that takes nothing must not have the authority asked without end. */
  let failed = NO_FAILURES;
  const failures = (): Failures => laterOf(failed, readFailures(folder, name), now());

  const tell = (pair: KeyPair | null, reason: string, again: number): void => {
    const known = pair === null ? { ends: 0, fingerprint: '', file: '' } : factsOf(pair, join(folder, `${name}.pem`));
    parts.tell({
      source: 'acme',
      outcome: again === 0 ? 'served' : 'failed',
      names: config.domains,
      ...known,
      reason,
      again,
    });
  };
  const schedule = (at: number): void => {
    if (closed) return;
    timer = setTimeout(look, Math.max(0, Math.min(PART_MS, at - now())));
    timer.unref();
  };
  const look = (): void => {
    const due = dueOf(readPair(folder, name), failures(), random);
    if (due > now()) schedule(due);
    else void attempt();
  };
  const attempt = async (): Promise<void> => {
    try {
      const pair = await issue(config, folder, challenges);
      if (closed) return;
      keepPair(folder, name, pair);
      failed = NO_FAILURES;
      rmSync(join(folder, `${name}.failures`), { force: true });
      parts.put();
      tell(pair, '', 0);
    } catch (error) {
      if (closed) return;
      const wait = error instanceof AcmeError ? error.wait : 0;
      failed = afterFailure(failures(), now(), wait, Math.random());
      keepFailures(folder, name, failed);
      tell(readPair(folder, name), error instanceof Error ? error.message : String(error), failed.until);
    }
    schedule(dueOf(readPair(folder, name), failures(), random));
  };
  /** Drawn once: else each look would move the time. */
  const random = Math.random();
  const kept = readPair(folder, name);
  if (kept !== null) tell(kept, '', 0);
  // Nothing is asked of an authority that would find nobody.
  void (plain?.listening ?? Promise.resolve()).then(() => {
    if (!closed) look();
  });
  return {
    plain: plain?.listening ?? Promise.resolve(0),
    close() {
      closed = true;
      clearTimeout(timer);
      plain?.close();
    },
  };
}

const factsOf = (pair: KeyPair, file: string) => ({ ends: endOf(pair), fingerprint: fingerprintOf(pair), file });

function dueOf(pair: KeyPair | null, failures: Failures, random: number): number {
  const due = pair === null ? 0 : renewalOf(startOf(pair), endOf(pair), random);
  return Math.max(due, failures.until);
}

function openPlain(parts: RenewerParts, answers: ReadonlyMap<string, string>): PlainServer {
  const { config, originOf, isApi, tell } = parts;
  const where = config.http ?? ':80';
  return listenPlain(where, {
    answers,
    originOf,
    isApi,
    failed(error) {
      const reason = `tls.acme.http is ${where}; nothing can listen there (${error.message}): challenges go unanswered`;
      const none = { names: config.domains, ends: 0, fingerprint: '', file: '' };
      tell({ source: 'acme', outcome: 'failed', ...none, reason, again: parts.now() + 1_000 });
    },
  });
}

const httpChallenges = (answers: Map<string, string>): Challenges => ({
  show: (_name, token, keyAuthorization) => void answers.set(token, keyAuthorization),
  hide: (_name, token) => void answers.delete(token),
});

/** Whoever asks may come to any of the servers on the port. */
function alpnChallenges(server: HttpsServer, share: CertificateShare): Challenges {
  const answers = alpnAnswers(server);
  const open = async (challenge: OpenChallenge): Promise<void> => {
    answers.set(challenge);
    await share.tell(challenge);
  };
  return {
    show: async (name, _token, _keyAuthorization, alpn) => open({ name, pair: await alpn() }),
    hide: (name) => void open({ name, pair: null }).catch(() => {}),
  };
}

/** The challenges that a server answers by tls-alpn-01 at a time. */
export function alpnAnswers(server: HttpsServer): { set(challenge: OpenChallenge): void } {
  const pairs = new Map<string, KeyPair>();
  let stop = (): void => {};
  return {
    set({ name, pair }) {
      const before = pairs.size;
      if (pair === null) pairs.delete(name);
      else pairs.set(name, pair);
      if (before === 0 && pairs.size === 1) stop = answerByAlpn(server, pairs);
      if (before > 0 && pairs.size === 0) stop();
    },
  };
}

function readFailures(folder: string, name: string): Failures {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, `${name}.failures`), 'utf8'));
    if (typeof found !== 'object' || found === null || !('count' in found) || !('until' in found)) return NO_FAILURES;
    const { count, until } = found;
    return Number.isFinite(count) && Number.isFinite(until)
      ? { count: Number(count), until: Number(until) }
      : NO_FAILURES;
  } catch {
    return NO_FAILURES;
  }
}

function keepFailures(folder: string, name: string, failures: Failures): void {
  try {
    keepFile(folder, `${name}.failures`, JSON.stringify(failures));
  } catch {
    // A folder that takes nothing is what the failure was about; this process still knows how long to wait.
  }
}
