import { randomUUID } from 'node:crypto';
import type { RawAnswer } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { type Account, type People, peopleOf } from '../people.ts';
import type { ProviderLogin } from '../provider-login.ts';
import { arrive, begin, browserOf, grantOf, honestLogin } from '../provider-login.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';

/** The victim is made to end the attacker's own login, and would go on as the attacker. */
export const loginCsrf: Attacker = {
  name: 'login-csrf',
  group: 'login',
  needsLogin: true,
  title: 'somebody else’s login',
  how: 'Another browser is made to take up the attacker’s login: by the address that leads back from the provider, or by the attacker’s name and password from another site’s page, in every form a page can send. A login there counts as getting in.',
  steps: [
    'an account of one’s own',
    'a site of one’s own, and a visitor of it',
    'forms and calls that end a login in that visitor’s browser',
  ],
  possible: 'A browser can be logged in as somebody else by a link or another site’s page',
  async run(lab, tally) {
    const people = await peopleOf(lab);
    if (lab.providerLogin !== null) await byProvider(lab, tally, lab.providerLogin);
    if (people !== null) await byPassword(lab, tally, people);
  },
};

async function byProvider(lab: Lab, tally: Tally, login: ProviderLogin): Promise<void> {
  await honestLogin(lab, tally, login);
  const attacker = await browserOf(lab, tally);
  const victim = await browserOf(lab, tally);
  if (attacker === null || victim === null) return;
  const callback = await login.walk(await begin(attacker, login.provider), 'attacker');
  tally.add(grantOf(await arrive(victim, callback)));
  // The same with an attempt of the victim's own under way.
  await begin(victim, login.provider);
  tally.add(grantOf(await arrive(victim, callback)));
}

/** What another page can have a browser send, as the headers of that browser tell it. */
const SENDERS: readonly (readonly string[])[] = [
  ['Origin', 'https://attacker.example', 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors'],
  ['Origin', 'https://attacker.example', 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'navigate'],
  ['Origin', 'null', 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-site', 'Sec-Fetch-Mode', 'navigate'],
  // A browser of before 2020 tells nothing.
  [],
];

async function byPassword(lab: Lab, tally: Tally, { other: attacker }: People): Promise<void> {
  const victim = await browserOf(lab, tally);
  if (victim === null) return;
  for (const sender of SENDERS) {
    for (const [type, body] of bodies(attacker)) {
      const answer = await send(lab, victim, [...sender, 'Content-Type', type], body);
      // Where it said nothing of a refusal, it gave no login either.
      const kind = grantOf(answer);
      tally.add(kind.by === 'nobody' && answer.status >= 400 ? { by: 'gate', code: 'unknown' } : kind);
    }
  }
  const honest = await victim.ask('/login', { name: attacker.name, password: attacker.password });
  if (grantOf(honest).by !== 'backend')
    throw new NotRun(`an honest login did not come about (status ${honest.status})`);
}

/** The attacker's own credentials, in the types that pages send without asking first, and in the one that is asked for. */
function bodies({ name, password }: Account): readonly (readonly [string, string])[] {
  const json = JSON.stringify({ name, password });
  const mark = randomUUID();
  const part = (field: string, value: string) =>
    `--${mark}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`;
  return [
    ['application/x-www-form-urlencoded', new URLSearchParams({ name, password }).toString()],
    [`multipart/form-data; boundary=${mark}`, `${part('name', name)}${part('password', password)}--${mark}--\r\n`],
    // A form field whose name is the beginning of the JSON, and whose value is its end.
    ['text/plain', `${json.slice(0, -1)},"x":"="}\r\n`],
    ['application/json', json],
  ];
}

function send(lab: Lab, victim: WireClient, more: readonly string[], text: string): Promise<RawAnswer> {
  const body = Buffer.from(text);
  const fields = [
    ...['Host', lab.target.authority, 'Accept', '*/*', 'Cookie', victim.cookies()],
    ...['Content-Length', String(body.length), ...more],
  ];
  return victim.sender.send({ method: 'POST', target: `${victim.mount()}/login`, fields, body });
}
