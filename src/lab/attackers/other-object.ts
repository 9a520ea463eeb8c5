import { kindOf, parseJson } from '../answer.ts';
import { wentThrough } from '../attempts.ts';
import type { RawAnswer } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import type { ObjectRoutes, Reach } from '../object-routes.ts';
import type { Tally } from '../tally.ts';
import { withToken } from '../tokens.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

const TRIES = 3;

/** Somebody who is logged in, at the address of somebody else's object: the flaw that no door can see (API1). */
export const otherObject: Attacker = {
  name: 'other-object',
  group: 'objects',
  needsLogin: true,
  title: 'another user’s object',
  how: 'A second person, logged in and with every key of their own, reaches for an object of the first: one that the first made by POST at this address, or, with two tokens given, this address itself. Its owner asks last.',
  steps: ['an account of one’s own', 'the id of somebody else’s object', ...WALK_DOORS],
  possible: 'Whoever is logged in reaches the objects of others',
  async run(lab, tally) {
    if (lab.token !== '' && lab.otherToken !== '') await byTokens(lab, tally);
    else if (lab.object !== null) await byPeople(lab, tally, lab.object);
    else {
      throw new NotRun(
        'no object that this address creates is known (--create JSON), and no tokens of two people (SALLYPORT_TOKEN, SALLYPORT_OTHER_TOKEN)',
      );
    }
  },
};

async function byTokens(lab: Lab, tally: Tally): Promise<void> {
  const other = lab.wireClient();
  if (!wentThrough(await other.open(), tally)) return;
  const tries = [];
  for (let i = 0; i < TRIES && lab.now() < lab.until; i++) {
    tries.push(kindOf(await other.call(withToken(lab, lab.otherToken))));
  }
  // Last, because it may delete the object.
  const { client: owner } = await lab.tokenClient();
  const own = kindOf(await owner.call(withToken(lab, lab.token)));
  if (own.by === 'backend') tally.honest();
  else if (own.by === 'nobody' || own.code !== 'session-mismatch') {
    const why = own.by === 'nobody' ? own.why : `code ${own.code}`;
    throw new NotRun(`the owner is not let in either (${why})`);
  }
  for (const kind of tries) {
    if (kind.by === 'gate' && kind.code === 'login-required') throw new NotRun('the second token is not taken');
    tally.add(kind);
  }
}

async function byPeople(lab: Lab, tally: Tally, { body, reach }: ObjectRoutes): Promise<void> {
  const { owner, other } = await lab.people();
  const id = await make(tally, owner.client, body);
  const tries = [];
  for (const way of reach) tries.push({ way, kind: kindOf(await call(other.client, way, id)) });
  const passed: string[] = [];
  for (const { way, kind } of tries) {
    const own = kindOf(await call(owner.client, way, id));
    if (own.by !== 'backend') {
      tally.note(
        `${way.method} ${way.path}: its owner is not let in either (${own.by === 'gate' ? own.code : own.why})`,
      );
      if (kind.by !== 'backend') continue;
    } else tally.honest();
    tally.add(kind);
    if (kind.by === 'backend') passed.push(`${way.method} ${way.path}`);
  }
  tally.note(`an object that one person made, reached for by another: ${reach.map(nameOf).join(', ')}`);
  if (passed.length > 0) tally.note(`let in: ${passed.join(', ')}`);
  if (passed.length === 0 && !reach.some(({ method }) => method === 'DELETE')) tally.note('the object is still there');
}

const nameOf = ({ method, path }: Reach): string => `${method} ${path}`;

/** Answers what the backend called the object. */
async function make(tally: Tally, owner: WireClient, text: string): Promise<string> {
  const answer = await owner.call({ method: 'POST', body: Buffer.from(text), contentType: 'application/json' });
  const kind = kindOf(answer);
  if (kind.by === 'gate') throw new NotRun(`nobody made an object: POST was refused with code ${kind.code}`);
  if (kind.by === 'backend') tally.honest();
  const id = idOf(answer);
  if (id !== '') return id;
  throw new NotRun(`the backend made no object that it names (status ${answer.status}): --create takes JSON of one`);
}

/** By `id` in its JSON, or by the end of `Location`. */
function idOf({ status, fields, body }: RawAnswer): string {
  if (status < 200 || status > 299) return '';
  const json = parseJson(body);
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null;
  if (typeof id === 'string' || typeof id === 'number') return encodeURIComponent(String(id));
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'location');
  return at < 0 ? '' : (/([^/?#]+)\/?(?:[?#].*)?$/.exec(fields[at + 1] ?? '')?.[1] ?? '');
}

function call(client: WireClient, { method, path, type }: Reach, id: string): Promise<RawAnswer> {
  const at = path.replace(':id', id);
  if (type === '') return client.call({ method, at });
  if (!type.startsWith('multipart/')) return client.call({ method, at, body: Buffer.from('{}'), contentType: type });
  const part = '--lab\r\nContent-Disposition: form-data; name="lab"\r\n\r\nlab\r\n--lab--\r\n';
  return client.call({ method, at, body: Buffer.from(part), contentType: `${type}; boundary=lab` });
}
