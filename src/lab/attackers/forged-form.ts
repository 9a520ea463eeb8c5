import { kindOf, parseJson } from '../answer.ts';
import { wentThrough } from '../attempts.ts';
import type { RawAnswer } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';

import { NotRun } from '../not-run.ts';
import type { FormRoute } from '../options.ts';
import type { WireClient } from '../wire-client.ts';

interface Held {
  readonly token: string;
  readonly field: string;
}

/**
 * A form that another page made up, in the browser of somebody who has the app open, where nothing but its token tells it
 * from the app's own: as on a sibling's page that policy lists, or by a browser that says nothing of where it comes from.
 */
export const forgedForm: Attacker = {
  name: 'forged-form',
  group: 'objects',
  title: 'form without its token',
  how: 'The victim’s own browser, cookies and headers send the form, at this address or where policy says that one is taken: without a token, with the thief’s own, with the victim’s in the address only or altered. The honest form goes last.',
  steps: [
    'a site of one’s own, or cookies and headers out of somebody’s browser',
    'forms with a token that is missing, foreign, altered or doubled',
  ],
  possible: 'A forged form passes where nothing but its token tells it from an honest one',
  async run(lab, tally) {
    const to = formOf(lab);
    const victim = lab.wireClient();
    const thief = lab.wireClient();
    for (const client of [victim, thief]) if (!wentThrough(await client.open(), tally)) return;
    const own = await tokenOf(victim);
    const stolen = await tokenOf(thief);
    if (own === null || stolen === null) throw new NotRun('no route here asks for form tokens');
    const altered = `${own.token.slice(0, -1)}${own.token.endsWith('A') ? 'B' : 'A'}`;
    const forgeries = [
      await send(lab, to, victim, own.field, []),
      await send(lab, to, victim, own.field, [stolen.token]),
      await send(lab, to, victim, own.field, [altered]),
      await send(lab, to, victim, own.field, [own.token, stolen.token]),
      await send(lab, to, victim, own.field, [], `${own.field}=${own.token}`),
    ];
    const honest = kindOf(await send(lab, to, victim, own.field, [own.token]));
    const reached = forgeries.some((answer) => kindOf(answer).by === 'backend');
    if (honest.by === 'backend') tally.honest();
    else if (reached) tally.note('the honest form was refused');
    else {
      throw new NotRun(`an honest form is not let in here either (${honest.by === 'gate' ? honest.code : honest.why})`);
    }
    for (const answer of forgeries) tally.add(kindOf(answer));
    if (to === lab.form) tally.note(`the form at ${to.method} ${to.path}`);
  },
};

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The address under attack, where its method is that of a form. */
function formOf({ method, target, form }: Lab): FormRoute {
  if (!SAFE.has(method)) return { method, path: target.path + target.query };
  if (form === null) throw new NotRun('no route is known that takes a form and asks for its token (--method POST)');
  return form;
}

async function tokenOf(client: WireClient): Promise<Held | null> {
  const answer = await client.call({ method: 'GET', under: '/form-token', fields: ['X-Requested-With', 'sallyport'] });
  const json = answer.status === 200 ? parseJson(answer.body) : null;
  if (json === null || typeof json !== 'object' || !('token' in json) || !('field' in json)) return null;
  const { token, field } = json;
  return typeof token === 'string' && typeof field === 'string' ? { token, field } : null;
}

/** As a browser sends a form of the app's own page. */
function send(
  { target }: Lab,
  { method, path }: FormRoute,
  victim: WireClient,
  field: string,
  tokens: readonly string[],
  query = '',
): Promise<RawAnswer> {
  const body = Buffer.from(new URLSearchParams(tokens.map((token): [string, string] => [field, token])).toString());
  const fields = [
    ...['Host', target.authority, 'Origin', target.origin, 'Accept', 'text/html', 'Cookie', victim.cookies()],
    ...['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'],
    ...['Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', String(body.length)],
  ];
  const joined = query === '' ? '' : `${path.includes('?') ? '&' : '?'}${query}`;
  return victim.sender.send({ method, target: path + joined, fields, body });
}
