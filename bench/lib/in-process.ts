import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Guard, RequestView } from 'sallyport';
import { toView } from 'sallyport/node';
import { type Door, openDoors } from './client.ts';
import { type Shot, toText } from './shot.ts';

/** Opens doors at a guard of this very process. */
export function openDoorsInProcess(guard: Guard, authority: string, count: number): Promise<Door[]> {
  return openDoors(`http://${authority}`, count, async (path, fields, body) => {
    const bytes = Buffer.from(body);
    const view = viewOf({ method: 'POST', path, fields: [...fields, 'Content-Length', `${bytes.length}`], body });
    const answer = await guard.serve({ ...view, body: { length: bytes.length, collect: async () => bytes } });
    if (answer.status !== 200) throw new Error(`the entry was refused: ${answer.status} ${String(answer.body)}`);
    return String(answer.body);
  });
}

/** The view of a request whose strings are as a socket brings them: fresh and flat, never those that were signed. */
export function viewOf(shot: Shot): RequestView {
  const [head = ''] = Buffer.from(toText(shot)).toString('latin1').split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  // What the adapter reads of a request, and nothing else.
  const request = { method, url, rawHeaders, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
  return toView(request, null);
}
