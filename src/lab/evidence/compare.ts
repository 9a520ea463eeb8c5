import { visible } from '../../lib/visible.ts';
import type { DelaysReport } from './delays.ts';
import { type Evidence, EVIDENCE_VERSION } from './evidence.ts';
import { SETTING_TITLES, SETTINGS } from './settings.ts';

/** Part by which a figure may differ before it is named. */
const TOLERANCE = 0.15;
/** Admitted calls below which CPU is rough whatever the machine. */
const FEW = 50;

/** What differs between two runs by more than {@link TOLERANCE}. Plain JSON. */
export interface Comparison {
  /** When the earlier run was made. */
  readonly with: string;
  /** Figures that were compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly what: string;
  readonly before: string;
  readonly now: string;
  /** Why, as far as the runs tell; '' where they do not. */
  readonly reason: string;
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number';
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);
const has =
  (shape: Readonly<Record<string, Test>>): Test =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(shape).every(([name, test]) => Object.hasOwn(value, name) && test(Reflect.get(value, name)));

const isGot = has({ verdict: isText, cpuSeconds: orNull(isNumber), admitted: isNumber, unrest: isNumber });
const isSeen = has({ calls: isNumber, paths: isNumber });
const isDelays = has({
  builds: has({ found: orNull(has({ copies: listOf(has({ name: isText, hours: isNumber, admitted: isNumber })) })) }),
  sealed: has({ found: orNull(has({ ways: listOf(has({ name: isText, open: isSeen, sealed: isSeen })) })) }),
});
const isUse = has({ requests: isNumber, sessions: isNumber, cpuSeconds: isNumber });

/** As much of it as is compared: a run of an hour must not end in what was wrong in a file before it. */
const isComparable = has({
  format: (value) => value === 'sallyport-evidence',
  version: (value) => value === EVIDENCE_VERSION,
  made: isText,
  command: isText,
  versions: has({ sallyport: isText, node: isText, browser: isText }),
  machine: has({ cores: isNumber, processor: isText, load: isNumber, unrest: isNumber }),
  settings: listOf(has({ digest: isText })),
  attackers: listOf(has({ title: isText, got: has(Object.fromEntries(SETTINGS.map((name) => [name, isGot]))) })),
  rules: listOf(has({ title: isText, per1000: orNull(isUse), admitted: isNumber })),
  delays: orNull(isDelays),
});

/** An earlier run's JSON; null where it is none of this version, or cannot be compared. */
export function parseEvidence(text: string): Evidence | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  // SAFETY: what is read of it has been looked at.
  return isComparable(value) ? (value as Evidence) : null;
}

/** Verdicts, requests, sessions and CPU: nothing that was taken from a clock on the wall. */
export function compare(before: Evidence, now: Evidence): Comparison {
  const figures = figuresOf(now);
  const earlier = new Map(figuresOf(before).map((one) => [one.what, one]));
  const common = commonReason(before, now);
  let compared = 0;
  const differences: Difference[] = [];
  for (const figure of figures) {
    const { what, value, cpu } = figure;
    const other = earlier.get(what);
    if (other === undefined) continue;
    compared += 1;
    if (isNear(other.value, value)) continue;
    const reason = common.always || (cpu ? common.cpu || noise(other, figure) : '');
    differences.push({ what, before: String(other.value), now: String(value), reason });
  }
  return { with: before.made, compared, differences };
}

/** What the measurement itself says of a difference of CPU; '' where it should not be. */
function noise(before: Figure, now: Figure): string {
  if (Math.min(before.calls, now.calls) < FEW) return `fewer than ${FEW} calls were admitted`;
  const unrest = Math.max(before.unrest, now.unrest);
  if (part(Number(before.value), Number(now.value)) > unrest) return '';
  return `within one run, the same calls were ${Math.round(unrest * 100)} % apart`;
}

/** Part of the larger one by which two values differ. */
const part = (a: number, b: number): number => Math.abs(a - b) / Math.max(a, b, Number.MIN_VALUE);

function isNear(a: number | string, b: number | string): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return part(a, b) <= TOLERANCE;
}

interface Figure {
  readonly what: string;
  readonly value: number | string;
  /** Whether it is CPU, which the machine has a part in. */
  readonly cpu: boolean;
  /** By which it was measured, and how far it lay apart in them. */
  readonly calls: number;
  readonly unrest: number;
}

function figuresOf({ attackers, rules, machine, delays }: Evidence): Figure[] {
  const rows = attackers.flatMap(({ title, got }) =>
    SETTINGS.flatMap((name): Figure[] => {
      const { verdict, cpuSeconds, admitted: calls, unrest: own } = got[name];
      const unrest = Math.max(own, machine.unrest);
      const what = `${title}, ${SETTING_TITLES[name]}`;
      const cost = cpuSeconds === null ? [] : [{ what: `${what}: CPU`, value: cpuSeconds, cpu: true, calls, unrest }];
      return [{ what, value: verdict, cpu: false, calls, unrest }, ...cost];
    }),
  );
  const { unrest } = machine;
  const used = rules.flatMap(({ title, per1000, admitted: calls }): Figure[] => {
    if (per1000 === null) return [];
    const { requests, sessions, cpuSeconds } = per1000;
    return [
      { what: `${title}: requests`, value: requests, cpu: false, calls, unrest },
      { what: `${title}: sessions`, value: sessions, cpu: false, calls, unrest },
      { what: `${title}: CPU`, value: cpuSeconds, cpu: true, calls, unrest },
    ];
  });
  return [...rows, ...used, ...delayFigures(delays)];
}

/** How long copies go on, and what is seen: counts, which nothing but a change of the code makes differ. */
function delayFigures(delays: DelaysReport | null): Figure[] {
  const figure = (what: string, value: number): Figure => ({ what, value, cpu: false, calls: 0, unrest: 0 });
  const copies = delays?.builds.found?.copies ?? [];
  const ways = delays?.sealed.found?.ways ?? [];
  return [
    ...copies.map(({ name, hours }) => figure(`builds, ${name}: hours`, hours)),
    ...ways.map(({ name, sealed }) => figure(`sealed calls, ${name}: calls seen`, sealed.calls)),
  ];
}

/** What is known to make figures differ: all of them, or CPU alone. */
function commonReason(before: Evidence, now: Evidence): { readonly always: string; readonly cpu: string } {
  const digests = ({ settings }: Evidence): string => settings.map(({ digest }) => digest).join();
  const always = [
    before.versions.sallyport === now.versions.sallyport ? '' : 'another version of Sallyport',
    digests(before) === digests(now) ? '' : 'another configuration',
    before.command === now.command ? '' : 'another command',
    before.versions.browser === now.versions.browser ? '' : 'another browser',
  ];
  const { machine: then } = before;
  const { machine: here } = now;
  const cpu = [
    before.versions.node === now.versions.node ? '' : 'another Node',
    then.processor === here.processor && then.cores === here.cores ? '' : 'another machine',
    Math.max(then.load / then.cores, here.load / here.cores) > 1 ? busy(then.load, here.load) : '',
  ];
  const join = (reasons: readonly string[]): string => reasons.filter((reason) => reason !== '').join(', ');
  return { always: join(always), cpu: join(cpu) };
}

const busy = (then: number, here: number): string =>
  `the machine had more to do than it has cores (load ${then.toFixed(1)} and ${here.toFixed(1)})`;

/** For people: one line for each difference. What the earlier file says is shown as visible ASCII: somebody else may have written it. */
export function comparisonText({ with: made, compared, differences }: Comparison): string {
  const head = `Compared with the run of ${visible(made)}: ${compared} figures, ${differences.length} differ by more than ${TOLERANCE * 100} %.`;
  const lines = differences.map(
    ({ what, before, now, reason }) =>
      `  ${what}: ${visible(short(before))} → ${short(now)}; ${reason || 'reason not known'}`,
  );
  return [head, ...lines].join('\n');
}

const short = (value: string): string => (Number.isNaN(Number(value)) ? value : Number(value).toPrecision(3));
