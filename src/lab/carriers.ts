import { kindOf } from './answer.ts';
import { inStretches } from './attempts.ts';
import { type RawRequest, type Sender, without } from './http.ts';
import type { Lab } from './lab.ts';
import type { Tally } from './tally.ts';

/** One way in which a browser would have made the request, as its headers tell it. */
interface Disguise {
  readonly name: string;
  /** Flat name, value list that replaces the fields of the same names. */
  readonly fields: readonly string[];
}

const metadata = (mode: string, dest: string, accept: string): readonly string[] => [
  ...['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', mode, 'Sec-Fetch-Dest', dest, 'Accept', accept],
];

const DISGUISES: readonly Disguise[] = [
  { name: 'a call', fields: [] },
  { name: 'a call with X-Requested-With', fields: ['X-Requested-With', 'XMLHttpRequest'] },
  { name: 'an image', fields: metadata('no-cors', 'image', 'image/*,*/*;q=0.8') },
  { name: 'a media element', fields: metadata('no-cors', 'video', '*/*') },
  { name: 'a navigation', fields: metadata('navigate', 'document', 'text/html') },
  { name: 'an event stream', fields: metadata('cors', 'empty', 'text/event-stream') },
];

/** The same headers in every disguise, and each with and without the `Origin` that pages leave out of reads. */
function disguised(fields: readonly string[], origin: string): readonly Disguise[] {
  return DISGUISES.flatMap((disguise) => {
    const names = new Set([
      'origin',
      ...disguise.fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
    ]);
    const bare = [...without(fields, names), ...disguise.fields];
    return [
      { name: disguise.name, fields: bare },
      { name: disguise.name, fields: [...bare, 'Origin', origin] },
    ];
  });
}

/**
 * Sends unsigned requests with these headers in turn as everything that a browser could be doing: what is refused as
 * a call may pass as an image. Says in the report as what it got in. Answers a request that did; null where none did.
 */
export async function tryDisguises(
  lab: Lab,
  tally: Tally,
  fields: readonly string[],
  sender: Sender = lab.sender(),
): Promise<RawRequest | null> {
  const { target } = lab;
  let admitted: RawRequest | null = null;
  const list = disguised(fields, target.origin);
  const passed = new Set<string>();
  await inStretches(lab, tally, Math.max(lab.calls, list.length), async (from, calls) => {
    const stop = tally.meter.start();
    for (let i = from; i < from + calls && lab.now() < lab.until; i++) {
      const disguise = list[i % list.length];
      if (disguise === undefined) break;
      const request = { method: lab.method, target: target.path + target.query, fields: disguise.fields, body: null };
      const kind = kindOf(await sender.send(request));
      tally.add(kind);
      if (kind.by !== 'backend') continue;
      passed.add(disguise.name);
      admitted = request;
    }
    return stop();
  });
  if (passed.size > 0) tally.note(`let in as ${[...passed].join(', ')}`);
  return admitted;
}
