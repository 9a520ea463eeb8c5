import type { Answer } from '../../guard/decision.ts';
import { drain } from './body.ts';
import type { Incoming, Outgoing } from './message.ts';

/**
 * Writes a complete answer: one flat array, one write. Adds Date and Content-Length where the answer names none.
 * Does nothing when an answer has already begun.
 */
export function send(request: Incoming, response: Outgoing, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.sendDate = false;
  const fields = answer.fields.slice();
  if (!names(fields, 'date')) fields.push('Date', httpDate());
  if (answer.status !== 204 && answer.status !== 304 && !names(fields, 'content-length')) {
    fields.push('Content-Length', String(Buffer.byteLength(answer.body)));
  }
  response.writeHead(answer.status, fields);
  response.end(answer.body);
  drain(request);
}

/** Whether a flat list of fields has one of this lower-case name. */
export function names(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const field = fields[i] ?? '';
    if (field.length === name.length && field.toLowerCase() === name) return true;
  }
  return false;
}

let dateText = '';
let dateSecond = -1;

/** IMF-fixdate of now (RFC 9110 §5.6.7), made once a second. */
export function httpDate(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}
