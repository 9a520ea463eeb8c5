import type { ServerResponse } from 'node:http';
import type { Decision } from '../../guard/decision.ts';
import type { Guard } from '../../guard/guard.ts';
import type { ServedReader } from '../../guard/served-watch.ts';
import type { RequestView } from '../../guard/view.ts';

/**
 * Whether anything is to be known of the app's answer: a step that it does, a call that may be made only so often, ids that
 * it gives. Most routes ask for none of it, and their answers are left alone.
 */
export function isHeard(guard: Guard, decision: Decision): boolean {
  const { steps, orders } = decision.route;
  return steps.length > 0 || orders.some(({ atMost }) => atMost > 0) || guard.serves?.takes(decision) === true;
}

/**
 * Tells the guard what the app answers before anybody can read it: the status before the head goes out, ids before the
 * chunk that gives them. Where state is elsewhere, what the app writes waits for it, in order.
 */
export function hearAnswer(guard: Guard, decision: Decision, view: RequestView, response: ServerResponse): void {
  const { writeHead, write, end, flushHeaders } = response;
  const line = createLine(response);
  let reader: ServedReader | null = null;
  let isSettled = false;

  const head = (status: number, given: unknown): void => {
    if (isSettled || status < 200) return;
    isSettled = true;
    const field = (name: string): string => String(fieldIn(given, name) ?? response.getHeader(name) ?? '');
    line.wait(guard.settle(view, decision, { status, location: field('location') }));
    const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(field('content-type'));
    if (status < 300 && isJson && field('content-encoding') === '' && guard.serves?.takes(decision) === true)
      reader = guard.serves.reader(decision);
  };
  const body = (chunk: unknown, encoding: unknown): void => {
    head(response.statusCode, null);
    const bytes = bytesOf(chunk, encoding);
    if (bytes !== null && reader !== null) line.wait(reader.read(bytes));
  };
  // Each takes what node's own takes, in all its forms, and hands it on as it came.
  Object.assign(response, {
    writeHead(...args: unknown[]) {
      head(Number(args[0]), typeof args[1] === 'string' ? args[2] : args[1]);
      line.next(() => Reflect.apply(writeHead, response, args));
      return response;
    },
    flushHeaders() {
      head(response.statusCode, null);
      line.next(() => Reflect.apply(flushHeaders, response, []));
    },
    write(...args: unknown[]) {
      body(args[0], args[1]);
      return line.next(() => Reflect.apply(write, response, args)) !== false;
    },
    end(...args: unknown[]) {
      body(args[0], args[1]);
      line.next(() => Reflect.apply(end, response, args));
      return response;
    },
  });
}

/** What is written, one after another, where some of it has to wait. */
function createLine(response: ServerResponse) {
  const waiting: (() => unknown)[] = [];
  let busy = 0;
  /** By whom what comes next is held back. */
  let before: Promise<void> = Promise.resolve();
  const run = (): void => {
    if (busy > 0) return;
    let last: unknown;
    while (busy === 0 && waiting.length > 0) last = waiting.shift()?.();
    if (last === true) response.emit('drain');
  };
  return {
    /** Everything from here on waits for this, too. */
    wait(told: void | Promise<void>): void {
      if (told === undefined) return;
      busy += 1;
      before = Promise.all([before, told]).then(
        () => {
          busy -= 1;
          run();
        },
        // Nobody may read what could not be noted.
        () => void response.destroy(),
      );
    },
    /** At once, or when its turn has come; false where it waits. */
    next(step: () => unknown): unknown {
      if (busy === 0) return step();
      waiting.push(step);
      return false;
    },
  };
}

/** Of what `writeHead` was given: an object, or a flat or nested list. */
function fieldIn(given: unknown, name: string): unknown {
  if (typeof given !== 'object' || given === null) return undefined;
  const pairs: unknown[][] = Array.isArray(given)
    ? Array.isArray(given[0])
      ? given
      : Array.from({ length: given.length / 2 }, (_, at) => [given[2 * at], given[2 * at + 1]])
    : Object.entries(given);
  return pairs.find(([key]) => String(key).toLowerCase() === name)?.[1];
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | null {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return null;
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}
