import { parseJsonPath, toName, valuesAt } from '../../guard/json-path.ts';
import { kindOf, parseJson } from '../answer.ts';
import { attempt, honestCall, wentThrough } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import type { Tally } from '../tally.ts';
import type { ServedRead } from '../use-routes.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

const TRIES = 40;

/** Who counts through ids has the whole table, one call each. */
export const enumerateIds: Attacker = {
  name: 'enumerate',
  group: 'use',
  title: 'enumeration of ids',
  how: 'A client that walked the doors and was shown no list asks for objects by ids that exist and by ids near them; then once more, as if its page’s address named each. Last it asks for the list, and reads what that gave.',
  steps: [
    ...WALK_DOORS,
    'a guess at the form of ids, and a counter',
    'calls that name each id as the page that they come from',
  ],
  possible: 'Who counts through ids gets as many as the page’s address may name in a minute',
  async run(lab, tally) {
    const { served } = lab.use;
    if (served === null) throw new NotRun('policy is not known, or has no ids that have to be given (served)');
    const known = await idsOf(lab, tally, served);
    const client = lab.wireClient(await fromNetwork(lab, tally, networks(1)[0] ?? ''));
    if (!wentThrough(await client.open(), tally)) return;
    const ids = [...known, ...Array.from({ length: TRIES }, (_, index) => String(1000 + index))].slice(0, TRIES);
    const read = (id: string): RawRequest => client.sign({ method: 'GET', at: pathOf(served, id) });
    await attempt(lab, tally, client.sender, TRIES, (index) => read(ids[index] ?? ''));
    const before = tally.admitted;
    await attempt(lab, tally, client.sender, TRIES, (index) => {
      const id = ids[index] ?? '';
      return linkedTo(read(id), `${lab.target.origin}${lab.page}?id=${encodeURIComponent(id)}`);
    });
    tally.note(`${before} by the id alone, ${tally.admitted - before} as if the page’s address named it`);
    await asShown(client, tally, served, known[0] ?? '');
  },
};

const pathOf = ({ path }: ServedRead, id: string): string => path.replace(':id', encodeURIComponent(id));

/** What the page shows an honest visitor. */
async function idsOf(lab: Lab, tally: Tally, { list, at }: ServedRead): Promise<readonly string[]> {
  const answer = await honestCall(lab, { method: 'GET', at: list });
  const kind = kindOf(answer);
  if (kind.by !== 'backend') throw new NotRun(`the honest client could not ask for the list ${list}`);
  tally.honest();
  const json = parseJson(answer.body);
  const ids = at.flatMap((path) => valuesAt(json, parseJsonPath(path)).map(toName)).filter((id) => id !== '');
  if (ids.length === 0) throw new NotRun(`the list ${list} gave no ids`);
  return ids;
}

/** The same request, as a page at this address would send it. */
function linkedTo(request: RawRequest, page: string): RawRequest {
  const named = (index: number): boolean => request.fields[index]?.toLowerCase() === 'referer';
  return {
    ...request,
    fields: request.fields.map((text, index) => (index % 2 === 1 && named(index - 1) ? page : text)),
  };
}

/** The honest way: first the list, then what it gave. */
async function asShown(client: WireClient, tally: Tally, served: ServedRead, id: string): Promise<void> {
  for (const at of [served.list, pathOf(served, id)]) {
    const kind = kindOf(await client.call({ method: 'GET', at }));
    if (kind.by === 'backend') tally.honest();
    else tally.note(`${at} was not answered to whoever asked for the list first`);
  }
}
