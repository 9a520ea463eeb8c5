// Guesses passwords for so many seconds, at an even pace: of many people, and as if from as many networks.
import { DEFAULT_MOUNT, formatEntryRequest, toBase64url } from 'sallyport/wire';
import { createECDH } from 'node:crypto';
import { Pool } from 'undici';

const { origin, seconds, perSecond } = JSON.parse(process.argv.at(-1) ?? '{}');
const pool = new Pool(origin, { connections: 64, pipelining: 1 });
const page = {
  origin,
  'content-type': 'application/json',
  'x-requested-with': 'sallyport',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
};
const cookie = await enter();
const counted = { tried: 0, wrong: 0, waits: 0, other: 0 };
const under = new Set<Promise<void>>();
const begun = performance.now();
for (let at = 0; performance.now() - begun < seconds * 1000; at += 1) {
  const guessing = guess(at).finally(() => under.delete(guessing));
  under.add(guessing);
  const due = begun + ((at + 1) * 1000) / perSecond;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
}
// Those that wait for their turn at the end are left.
process.stdout.write(
  `${JSON.stringify(Object.fromEntries(Object.entries(counted).map(([name, n]) => [name, [n]])))}\n`,
);
process.exit(counted.other === 0 ? 0 : 1);

async function enter(): Promise<string> {
  const key = toBase64url(createECDH('prime256v1').generateKeys());
  const body = formatEntryRequest('default', key);
  const answer = await pool.request({ path: `${DEFAULT_MOUNT}/enter`, method: 'POST', headers: page, body });
  await answer.body.dump();
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  return cookies.map((line) => line.split(';')[0]).join('; ');
}

async function guess(at: number): Promise<void> {
  counted.tried += 1;
  const headers = { ...page, cookie, 'x-forwarded-for': `10.${at & 255}.${(at >> 8) & 255}.${1 + (at % 250)}` };
  const body = JSON.stringify({ name: `person-${at % 5000}`, password: `not the password ${at}` });
  const answer = await pool.request({ path: `${DEFAULT_MOUNT}/login`, method: 'POST', headers, body });
  await answer.body.dump();
  if (answer.statusCode === 401) counted.wrong += 1;
  else if (answer.statusCode === 429) counted.waits += 1;
  else counted.other += 1;
}
