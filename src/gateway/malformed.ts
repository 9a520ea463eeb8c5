import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { httpDate } from '../adapters/node/send.ts';
import type { Answer, Decision } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import { makeTypeable } from '../lib/typeable.ts';

/** What could not even be parsed: ambiguous framing, CONNECT, absolute targets. No layer saw it. */
export function malformedDecision(policy: Policy, id = makeTypeable(randomBytes(12)).toString('base64url')): Decision {
  return {
    outcome: 'refuse',
    id,
    code: 'target',
    layer: 'framing',
    route: policy.mountRoute,
    carrier: 'call',
    level: 'open',
    client: '',
    session: '',
    subject: null,
    key: null,
    relay: '',
    prefix: '',
    address: '',
    secure: false,
    authority: '',
    trail: [
      {
        layer: 'framing',
        code: 'target',
        enforced: true,
        evidence: '',
        wouldPass: 'a request that RFC 9112 allows to be read in one way only',
      },
    ],
    answer: null,
    responseFields: [],
    streamDigest: null,
    body: null,
    retryAfter: 0,
    proof: null,
    holds: [],
  };
}

export function malformedAnswer(policy: Policy, decision: Decision): Answer {
  return problemAnswer(decision, policy.mount, Date.now());
}

/** Writes an answer where no HTTP server is left to write it, and closes: nothing after it can be trusted. */
export function answerAndClose(socket: Duplex, answer: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(answer.body);
  let head = `HTTP/1.1 ${answer.status} ${answer.status === 400 ? 'Bad Request' : 'Refused'}\r\n`;
  for (let i = 0; i + 1 < answer.fields.length; i += 2) head += `${answer.fields[i]}: ${answer.fields[i + 1]}\r\n`;
  if (!/^date:/im.test(head)) head += `Date: ${httpDate()}\r\n`;
  head += `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  socket.write(head, 'latin1');
  socket.end(body);
  // A client that goes on sending must not keep the socket, nor be reset before it has read the answer.
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}
