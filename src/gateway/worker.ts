import type { Pieces } from './pieces.ts';

/** The page's script as workers need it. */
export interface WorkerScript {
  /** Address by which a module imports it. */
  readonly url: string;
  /** Its text: valid in a classic script and in a module, strict or not. */
  readonly text: string;
}

/**
 * Puts the page's script in front of a worker's (PROTOCOL 1.6). The request does not say whether the worker is a module
 * (both come with `Sec-Fetch-Mode: same-origin`), so the text has to: one that begins with `import` or `export` is a
 * module, whose imports run before its body; there ours is the first import. Anywhere else our text itself goes in
 * front, which is valid in both kinds, asks no permission of a policy and loads nothing. Comments before the first
 * token are passed through; nothing is held but the first token.
 */
export function createWorkerFront(script: WorkerScript): Pieces {
  let held = Buffer.alloc(0);
  let done = false;
  const decide = (ended: boolean): Buffer[] => {
    const start = firstToken(held);
    const token = held.subarray(start, start + LONGEST).toString('latin1');
    if (!ended && (start >= held.length || token.length < LONGEST)) {
      if (held.length < MAX_PREAMBLE) return [];
    }
    done = true;
    const front = Buffer.from(frontFor(script, token));
    return [held.subarray(0, start), front, held.subarray(start)].filter((part) => part.length > 0);
  };
  return {
    write(chunk) {
      if (done) return [chunk];
      held = Buffer.concat([held, chunk]);
      return decide(false);
    },
    end: () => (done || held.length === 0 ? [] : decide(true)),
  };
}

/** Enough to see `"use strict"` or `import {`. */
const LONGEST = 12;
/** A licence comment longer than this: our text goes in front of all of it. */
const MAX_PREAMBLE = 64 * 1024;

function frontFor(script: WorkerScript, token: string): string {
  if (/^(?:import(?![\w$]|\s*[(.])|export(?![\w$]))/.test(token)) return `import ${JSON.stringify(script.url)};\n`;
  const strict = /^(["'])use strict\1/.test(token) ? '"use strict";' : '';
  return `${strict}${script.text}\n;`;
}

/** Where the first token begins: behind a byte order mark, a hashbang, white space and comments. */
function firstToken(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (bytes[at] === 0x23 && bytes[at + 1] === 0x21) at = lineEnd(bytes, at);
  for (;;) {
    while (at < bytes.length && isBlank(bytes[at] ?? 0)) at++;
    if (bytes[at] !== 0x2f) return at;
    const next = bytes[at + 1];
    if (next === 0x2f) at = lineEnd(bytes, at);
    else if (next === 0x2a) {
      const end = bytes.indexOf('*/', at + 2);
      // Not closed in what has come: where that is all we wait for, ours goes in front of the comment.
      if (end === -1) return bytes.length < MAX_PREAMBLE ? bytes.length : at;
      at = end + 2;
    } else return at;
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0x0a, from);
  return end === -1 ? bytes.length : end + 1;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
