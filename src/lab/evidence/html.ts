import { barChart, kindClass, stackedChart } from './chart.ts';
import { escapeHtml } from './escape-html.ts';
import { DELAYS_HEADS, DELAYS_TITLE, delayParts, delayWords } from './delay-words.ts';
import type { AttackerRow, Evidence, Got } from './evidence.ts';
import { SETTING_TITLES, type SettingName, SETTINGS } from './settings.ts';
import { STYLE } from './style.ts';
import {
  assumed,
  COSTS_TITLE,
  COSTS_WORDS,
  conditions,
  costCells,
  costHeads,
  figure,
  GROUP_TITLES,
  layerLines,
  NOTHING_MEANS,
  PASSED_HEADS,
  PASSED_WORDS,
  PRICES_FLAG,
  share,
  titlesOf,
  unusualWords,
  verdictAt,
} from './words.ts';
import { duration, heldWords } from '../rules/table.ts';

/** One page that asks nobody for anything: no script, no font, no image from elsewhere. */
export function toHtml(found: Evidence): string {
  const parts = [
    firstPage(found),
    charts(found),
    costs(found),
    details(found),
    rules(found),
    delays(found),
    stillPossible(found),
    requirements(found),
    made(found),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Sallyport: evidence</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>What each attacker gets</h1>
${parts.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`;
}

const by = ({ command }: Evidence): string => `<p class="by">Made by <code>${escapeHtml(command)}</code></p>`;

function firstPage(found: Evidence): string {
  const heads = SETTINGS.map((name) => `<th scope="col">${escapeHtml(SETTING_TITLES[name])}</th>`).join('');
  const means = found.settings
    .map(({ title, means }) => `<dt>${escapeHtml(title)}</dt><dd>${escapeHtml(means)}</dd>`)
    .join('');
  return `<p>In front of ${escapeHtml(found.app)}, at <code>GET ${escapeHtml(found.path)}</code>. ${escapeHtml(conditions(found))}.</p>
<dl>${means}</dl>
<p>${escapeHtml(NOTHING_MEANS)}</p>
${table(
  'What each attacker gets with Sallyport off, on by default and strict',
  `${head('attacker')}${heads}${numberHead('CPU s per 1,000, strict')}${head('not stopped')}`,
  grouped(
    found,
    (row) => [...SETTINGS.map((name) => verdict(row, name)), cost(row.got.strict), cell(row.notStopped)],
    6,
  ),
)}
${by(found)}
${layers(found)}`;
}

/** Why it was not run, the table of how it was measured says. */
const verdict = (row: AttackerRow, setting: SettingName): string =>
  `<td><span class="verdict ${kindClass(row.got[setting].verdict)}">${verdictAt(row, setting)}</span></td>`;
const head = (text: string): string => `<th scope="col">${escapeHtml(text)}</th>`;
const numberHead = (text: string): string => `<th scope="col" class="number">${escapeHtml(text)}</th>`;
const cell = (text: string): string => `<td>${escapeHtml(text)}</td>`;
const number = (text: string): string => `<td class="number">${escapeHtml(text)}</td>`;
const cost = ({ cpuSeconds }: Got): string => number(figure(cpuSeconds));

function table(caption: string, head: string, body: string): string {
  return `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead>${body}</table></div>`;
}

/** Rows under the titles of their groups. */
function grouped({ attackers }: Evidence, cells: (row: AttackerRow) => readonly string[], columns: number): string {
  return Object.entries(GROUP_TITLES)
    .map(([group, title]) => {
      const rows = attackers.filter((row) => row.group === group);
      if (rows.length === 0) return '';
      const lines = rows.map((row) => `<tr><th scope="row">${escapeHtml(row.title)}</th>${cells(row).join('')}</tr>`);
      return `<tbody><tr><th class="group" scope="rowgroup" colspan="${columns}">${escapeHtml(title)}</th></tr>${lines.join('')}</tbody>`;
    })
    .join('');
}

function layers(found: Evidence): string {
  const { layers } = found;
  if (layers === null) return '';
  const rows = layerLines(found).map(({ name, passed, further, holds, cpu }) => {
    const costs = [cpu.strict, cpu.off, cpu.alone].map((value) => number(figure(value))).join('');
    const shares = passed.map(number).join('');
    return `<tr><th scope="row">${escapeHtml(name)}</th>${shares}${cell(further)}${cell(holds)}${costs}</tr>`;
  });
  const words = unusualWords(found);
  return `<h2>What each layer adds</h2>
<p>Each layer of the strict gate off, and each alone, against ${layers.attackers.length} attackers of ${layers.calls} calls each: ${escapeHtml(titlesOf(found, layers.attackers))}. Pages of other sites are run where a layer judges where calls come from. A layer without which nobody gets further stands behind others here, or meets none of these; what limits and budgets are worth, the table of rules says. Rows go by verdicts: a layer that closes most of an attacker’s ways and leaves one open is not named. ${escapeHtml(PASSED_WORDS)} CPU: of whoever walks the doors, in seconds per 1,000 admitted calls, with all layers, without this one, and with it alone; by so few calls it is rough.</p>
${table(
  'Each layer off, and alone',
  head('layer') +
    PASSED_HEADS.map(numberHead).join('') +
    head('without it get further') +
    head('alone it holds') +
    ['CPU s, all', 'CPU s, without', 'CPU s, alone'].map(numberHead).join(''),
  `<tbody>${rows.join('')}</tbody>`,
)}
${words === '' ? '' : `<p>${escapeHtml(words)}</p>\n`}${by(found)}`;
}

const VERDICTS = ['stopped', 'slowed', 'gets in', 'not run'] as const;

function charts(found: Evidence): string {
  const stacked = SETTINGS.map((name) => ({
    label: SETTING_TITLES[name],
    parts: VERDICTS.map((kind) => ({
      kind,
      count: found.attackers.filter((row) => row.got[name].verdict === kind).length,
    })),
  }));
  const bars = found.attackers
    .flatMap(({ title, got }) =>
      got.strict.cpuSeconds === null ? [] : [{ label: title, value: got.strict.cpuSeconds }],
    )
    .sort((a, b) => b.value - a.value)
    .map((bar) => ({ ...bar, shown: `${figure(bar.value)} s` }));
  const legend = VERDICTS.map((kind) => `<span class="verdict ${kindClass(kind)}">${kind}</span>`).join(' ');
  return `<h2>How many attackers get what</h2>
<p>${legend}</p>
${stackedChart('Attackers by what they get, at each of the three gates; the first table has the same in words', stacked)}
${by(found)}
<h2>CPU of the attacker for 1,000 admitted calls, strict</h2>
<p>On a logarithmic scale: equal steps to the right are equal factors.</p>
${barChart('Seconds of CPU for 1,000 admitted calls at the strict gate, on a logarithmic scale; the table below has the same in figures', bars)}
${by(found)}`;
}

function costs(found: Evidence): string {
  const [gotIn = '', when = '', ...figures] = costHeads(found);
  const heads = [head('attacker'), head(gotIn), head(when), ...figures.map(numberHead)];
  const body = grouped(
    found,
    (row) => {
      const [inOf = '', at = '', ...rest] = costCells(row);
      return [cell(inOf), cell(at), ...rest.map(number)];
    },
    8,
  );
  return `<h2>${COSTS_TITLE}</h2>
<p>${escapeHtml(COSTS_WORDS)}</p>
<p>${escapeHtml(assumed(found)).replace(PRICES_FLAG, `<code class="word">${PRICES_FLAG}</code>`)}</p>
${table('At the strict gate, for 1,000 admitted calls', heads.join(''), body)}
${by(found)}`;
}

function details(found: Evidence): string {
  const heads = SETTINGS.map((name) => `<th scope="col">${escapeHtml(SETTING_TITLES[name])}: got in</th>`).join('');
  const body = grouped(
    found,
    ({ got, how, steps }) => [
      cell(how),
      `<td><ol>${steps.map((step) => `<li>${escapeHtml(step)}</li>`).join('')}</ol></td>`,
      ...SETTINGS.map((name) => cell(share(got[name]))),
    ],
    6,
  );
  return `<h2>How it was measured</h2>
${table(
  'How each attacker goes about it, and how often it got in',
  `<th scope="col">attacker</th><th scope="col" class="long">how</th><th scope="col" class="long">to write or run</th>${heads}`,
  body,
)}
${by(found)}`;
}

function rules(found: Evidence): string {
  if (found.rules.length === 0) return '';
  const rows = found.rules.map(({ title, why, per1000 }) => {
    if (per1000 === null)
      return `<tr><th scope="row">${escapeHtml(title)}</th><td colspan="6">${escapeHtml(`not measured: ${why}`)}</td></tr>`;
    const { requests, sessions, cpuSeconds, seconds, addresses, money } = per1000;
    const cells = [
      Math.round(requests).toString(),
      Math.round(sessions).toString(),
      figure(cpuSeconds),
      duration(seconds),
      addresses === null ? 'none' : String(addresses),
      figure(money),
    ];
    return `<tr><th scope="row">${escapeHtml(title)}</th>${cells.map(number).join('')}</tr>`;
  });
  const heads = ['requests', 'sessions', 'CPU s', 'time', 'addresses', found.prices.currency];
  return `<h2>What each rule of use adds</h2>
<p>For 1,000 admitted calls of a program that walks the doors and keeps every rule, by one address, at gates that differ by these rules alone. Time is on the clock, with all waits; addresses: so many have them within an hour, and none where everybody together is bounded.</p>
${table('For 1,000 admitted calls', head('rule') + heads.map(numberHead).join(''), `<tbody>${rows.join('')}</tbody>`)}
${heldWords(found.rules)
  .map((words) => `<p>${escapeHtml(words)}</p>\n`)
  .join('')}${by(found)}`;
}

function delays(found: Evidence): string {
  if (found.delays === null) return '';
  const parts = delayParts(found).map(({ title, why, rows }) => {
    const lines = rows.map(
      ([who = '', ...cells]) => `<tr><th scope="row">${escapeHtml(who)}</th>${cells.map(cell).join('')}</tr>`,
    );
    const body =
      why === ''
        ? lines.join('')
        : `<tr><td colspan="${DELAYS_HEADS.length}">${escapeHtml(`not measured: ${why}`)}</td></tr>`;
    return `<tbody><tr><th class="group" scope="rowgroup" colspan="${DELAYS_HEADS.length}">${escapeHtml(title)}</th></tr>${body}</tbody>`;
  });
  return `<h2>${DELAYS_TITLE}</h2>
${delayWords(found)
  .map((words) => `<p>${escapeHtml(words)}</p>\n`)
  .join(
    '',
  )}${table('What builds and sealed calls add for somebody who copies the app', DELAYS_HEADS.map(head).join(''), parts.join(''))}
${by(found)}`;
}

const stillPossible = ({ stillPossible }: Evidence): string =>
  `<h2>Still possible at the strict gate</h2>\n<ul>${stillPossible.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;

function requirements(found: Evidence): string {
  const rows = (kind: 'asvs' | 'api', prefix: string): string =>
    Object.entries(found.requirements[kind])
      .map(([id, words]) => {
        const by = found.attackers.filter((row) => row[kind].includes(id));
        const said = by.map(({ title, got }) => `${title}: ${got.strict.verdict}`).join('; ');
        return `<tr><th scope="row">${escapeHtml(prefix + id)}</th>${cell(words)}${cell(said === '' ? 'no attacker of this run' : said)}</tr>`;
      })
      .join('');
  return `<h2>Requirements that were put to the test</h2>
<p>By the numbers of OWASP ASVS 5.0 and OWASP API Security Top 10 2023; the words are ours. A row says what attackers found at the strict gate. It does not say that a requirement is met.</p>
${table('Requirements and the attackers that test them', '<th scope="col">requirement</th><th scope="col">what it is about</th><th scope="col">attackers at the strict gate</th>', `<tbody>${rows('asvs', 'ASVS ')}${rows('api', '')}</tbody>`)}`;
}

function made(found: Evidence): string {
  const rows = found.settings
    .map(
      ({ title, digest, seconds }) =>
        `<tr><th scope="row">${escapeHtml(title)}</th><td><code>${digest}</code></td>${number(figure(seconds))}</tr>`,
    )
    .join('');
  return `<h2>Configurations</h2>
${table('Digests of the three configurations', '<th scope="col">gate</th><th scope="col">SHA-256</th><th scope="col" class="number">seconds</th>', `<tbody>${rows}</tbody>`)}
<p>The configurations themselves stand in <code>sallyport-evidence.json</code>. ${escapeHtml(conditions(found))}.</p>
${by(found)}`;
}
