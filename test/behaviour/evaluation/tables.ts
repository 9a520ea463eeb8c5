import { HANDS, IMITATIONS } from '../app/hands.ts';
import { STRANGERS } from '../app/people.ts';
import { PROGRAMS } from '../app/programs.ts';
import type { judgeLive, Live } from './live.ts';
import type { LogJudged } from './access-log.ts';
import { type Judged, type MadeUp, ODDS, SESSIONS, WITH_BROWSER } from './made-up.ts';
import { firstRefused } from './rate-limit.ts';
import { areaInterval, areaUnderCurve, foundAt, median, wilson } from './statistics.ts';

/** What was found, as the tables of docs/behaviour.md. */
export function formatFigures(
  made: MadeUp,
  live: Awaited<ReturnType<typeof judgeLive>>,
  log: LogJudged | null,
): string {
  const rates = [60, fairRate(made)];
  const tables = [
    peopleTable(made, rates),
    strangerTable(made),
    programTable(made, rates),
    curveTable(made),
    poisonTable(made),
    handsTable(made),
    handsProgramTable(made),
    liveTable(live),
    ...(log === null ? [] : [logTable(log)]),
  ];
  return tables.join('\n\n');
}

/** The lowest whole rate a minute that refuses no more people something than `1 in 1000` finds unusual. */
function fairRate({ people }: MadeUp): number {
  const found = people.filter(({ seen }) => seen.odds >= 1000).length;
  const rates = people.map(({ rate }) => rate).toSorted((one, other) => other - one);
  return Math.ceil(rates[found] ?? 1);
}

function peopleTable({ people }: MadeUp, rates: readonly number[]): string {
  const line = (name: string, hits: number): string[] => {
    const { low, high } = wilson(hits, people.length);
    return [name, String(hits), per10k(hits / people.length), `${per10k(low)} – ${per10k(high)}`];
  };
  const rows = [
    ...ODDS.map((odds) => line(`\`1 in ${odds}\``, people.filter(({ seen }) => seen.odds >= odds).length)),
    ...rates.map((rate) => line(`${rate} a minute`, people.filter((one) => one.rate > rate).length)),
  ];
  const head = ['rule', `people hit, of ${people.length.toLocaleString('en')}`, 'per 10,000', '95 %'];
  return `People, held out:\n\n${table(head, rows)}`;
}

function strangerTable({ strangers }: MadeUp): string {
  const rows = STRANGERS.map(({ name, what }) => {
    const judged = strangers.get(name) ?? [];
    const hits = ODDS.map((odds) => judged.filter(({ seen }) => seen.odds >= odds).length);
    return [`${name}: ${what}`, ...hits.map((hit) => percent(hit / judged.length))];
  });
  const head = ['person', ...ODDS.map((odds) => `\`1 in ${odds}\``)];
  return `People of kinds that were not among those who taught, and how many of them are hit:\n\n${table(head, rows)}`;
}

function programTable({ programs }: MadeUp, rates: readonly number[]): string {
  const rows = PROGRAMS.map(({ name, what }) => {
    const judged = programs.get(name) ?? [];
    return [
      `${name}: ${what}`,
      ...ODDS.map((odds) => after(judged.map(({ seen }) => seen.crossed.get(odds) ?? 0))),
      ...rates.map((rate) => after(judged.map(({ seen }) => firstRefused(seen.visit.made, rate)))),
    ];
  });
  const head = ['program', ...ODDS.map((odds) => `\`1 in ${odds}\``), ...rates.map((rate) => `${rate} a minute`)];
  return `Programs: share of the sessions that are found, and after how many calls (the middle of those found):\n\n${table(head, rows)}`;
}

/** `98 % after 24`. */
function after(firsts: readonly number[]): string {
  const found = firsts.filter((first) => first > 0);
  if (found.length === 0) return 'none';
  return `${percent(found.length / firsts.length)} after ${median(found)}`;
}

function curveTable({ people, programs }: MadeUp): string {
  const rows = PROGRAMS.map(({ name }) => {
    const judged = programs.get(name) ?? [];
    return [
      name,
      area(judged.map(score), people.map(score)),
      area(judged.map(rate), people.map(rate)),
      ...CURVE.map((share) => percent(foundAt(judged.map(score), people.map(score), share))),
    ];
  });
  const head = [
    'program',
    'AUC of the model',
    'AUC of a rate limit',
    ...CURVE.map((share) => `found at ${percent(share)} of people`),
  ];
  return `The curves behind these (ROC), with the area under each and its 95 % interval:\n\n${table(head, rows)}`;
}

const CURVE = [0.001, 0.01, 0.05];
const score = ({ seen }: Judged): number => seen.score;
const rate = (judged: Judged): number => judged.rate;

function area(meant: readonly number[], others: readonly number[]): string {
  const value = areaUnderCurve(meant, others);
  const { low, high } = areaInterval(value, meant.length, others.length);
  return `${value.toFixed(3)} (${low.toFixed(3)} – ${high.toFixed(3)})`;
}

function poisonTable({ programs, poisoned, poisonedPeople }: MadeUp): string {
  const share = (judged: readonly Judged[] | undefined, odds: number): string => {
    const all = judged ?? [];
    return percent(all.filter(({ seen }) => seen.odds >= odds).length / all.length);
  };
  const rows = PROGRAMS.map(({ name }) => [
    name,
    ...ODDS.flatMap((odds) => [share(programs.get(name), odds), share(poisoned.get(name), odds)]),
  ]);
  const head = ['program', ...ODDS.flatMap((odds) => [`\`1 in ${odds}\``, 'poisoned'])];
  const hit = poisonedPeople.filter(({ seen }) => seen.odds >= 100).length;
  return `The same after one in ten of the ${SESSIONS.toLocaleString('en')} sessions that taught it was one of the plain programs. Of ${poisonedPeople.length.toLocaleString('en')} people ${hit} were then found by \`1 in 100\`:\n\n${table(head, rows)}`;
}

function handsTable({ hands }: MadeUp): string {
  const row = (name: string, judged: readonly Judged[]): string[] => [
    name,
    judged.length.toLocaleString('en'),
    ...ODDS.map((odds) => {
      const hits = judged.filter(({ seen }) => seen.odds >= odds).length;
      const { low, high } = wilson(hits, judged.length);
      return `${per10k(hits / judged.length)} (${per10k(low)} – ${per10k(high)})`;
    }),
  ];
  const rows = [
    row('all', hands.people),
    ...HANDS.map(({ name, what }) => row(`${name}: ${what}`, hands.byHand.get(name) ?? [])),
  ];
  const head = ['people', 'of', ...ODDS.map((odds) => `hit by \`1 in ${odds}\`, per 10,000 (95 %)`)];
  return `With \`interaction: true\`, people by what they use; all were taught in the shares they are assumed to have (${HANDS.map(({ name, share }) => `${name} ${share} %`).join(', ')}):\n\n${table(head, rows)}`;
}

function handsProgramTable({ hands }: MadeUp): string {
  const rows = WITH_BROWSER.flatMap((name) =>
    IMITATIONS.map(({ name: imitated, what }, index) => {
      const judged = hands.programs.get(name)?.get(imitated) ?? [];
      return [
        index === 0 ? name : '',
        what,
        ...ODDS.map((odds) => after(judged.map(({ seen }) => seen.crossed.get(odds) ?? 0))),
        area(judged.map(score), hands.people.map(score)),
      ];
    }),
  );
  const head = ['program', 'what its pages tell', ...ODDS.map((odds) => `\`1 in ${odds}\``), 'AUC'];
  return `Programs that have a browser, by what they do in its pages as if there were a hand:\n\n${table(head, rows)}`;
}

function liveTable({ off, waits, loads }: Awaited<ReturnType<typeof judgeLive>>): string {
  const row = (name: string, { calls, loads: pages }: Live): string[] => [
    name,
    calls.toLocaleString('en'),
    String(pages),
    Math.round(calls / pages).toLocaleString('en'),
  ];
  const head = ['', 'calls it had', 'pages it loaded', 'calls a page'];
  const rows = [
    row('without the layer', off),
    row("`refuse: '1 in 1000'`, and it stops where it is refused", waits),
    row('the same, and it loads the page again each time', loads),
  ];
  return `Live: one program at a real gate on loopback, that counts through the posts as fast as it is answered, for ${off.seconds} seconds:\n\n${table(head, rows)}`;
}

function logTable({ file, sha256, lines, unread, programs, others, taught }: LogJudged): string {
  const row = (name: string, of: (one: Judged) => number): string[] => [
    name,
    area(programs.map(of), others.map(of)),
    ...CURVE.slice(1).map((share) => percent(foundAt(programs.map(of), others.map(of), share))),
  ];
  const head = [
    'what tells them apart',
    'AUC',
    ...CURVE.slice(1).map((share) => `found at ${percent(share)} of the others`),
  ];
  const about = [
    `\`${file}\` (SHA-256 \`${sha256}\`), ${lines.toLocaleString('en')} lines, ${unread} of them unreadable.`,
    `The sessions of its first half taught (${taught}, unsorted, programs among them), those of the second were judged: ${programs.length} of programs that say in their User-Agent that they are none of a person, ${others.length} others. Only sessions of eight calls or more.`,
  ];
  return `${about.join(' ')}\n\n${table(head, [row('the model', score), row('a rate limit', rate)])}`;
}

const per10k = (share: number): string => (share * 10_000).toFixed(1);
const percent = (share: number): string => `${Number((share * 100).toFixed(share < 0.1 ? 1 : 0))} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
