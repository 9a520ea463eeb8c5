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

/** An earlier run's JSON; null where it is none of this version. */
export function parseEvidence(text: string): Evidence | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const { format, version } = { format: '', version: 0, ...value };
  // SAFETY: our own file, by its name and version; whoever writes another into it is told nonsense, and nothing more.
  return format === 'sallyport-evidence' && version === EVIDENCE_VERSION ? (value as Evidence) : null;
}

/** Verdicts, requests, sessions and CPU: nothing that was taken from a clock on the wall. */
export function compare(before: Evidence, now: Evidence): Comparison {
  const figures = figuresOf(now);
  const earlier = new Map(figuresOf(before).map((one) => [one.what, one]));
  const common = commonReason(before, now);
  let compared = 0;
  const differences: Difference[] = [];
  for (const { what, value, cpu, calls } of figures) {
    const other = earlier.get(what);
    if (other === undefined) continue;
    compared += 1;
    if (isNear(other.value, value)) continue;
    const few = cpu && Math.min(calls, other.calls) < FEW;
    const reason = common.always || (cpu && common.cpu) || (few ? `fewer than ${FEW} calls were admitted` : '');
    differences.push({ what, before: String(other.value), now: String(value), reason });
  }
  return { with: before.made, compared, differences };
}

function isNear(a: number | string, b: number | string): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return Math.abs(a - b) <= TOLERANCE * Math.max(a, b);
}

interface Figure {
  readonly what: string;
  readonly value: number | string;
  /** Whether it is CPU, which the machine has a part in. */
  readonly cpu: boolean;
  /** By which it was measured. */
  readonly calls: number;
}

function figuresOf({ attackers, rules }: Evidence): Figure[] {
  const rows = attackers.flatMap(({ title, got }) =>
    SETTINGS.flatMap((name): Figure[] => {
      const { verdict, cpuSeconds, admitted } = got[name];
      const what = `${title}, ${SETTING_TITLES[name]}`;
      const cost = cpuSeconds === null ? [] : [{ what: `${what}: CPU`, value: cpuSeconds, cpu: true, calls: admitted }];
      return [{ what, value: verdict, cpu: false, calls: admitted }, ...cost];
    }),
  );
  const used = rules.flatMap(({ title, per1000, admitted }): Figure[] => {
    if (per1000 === null) return [];
    const { requests, sessions, cpuSeconds } = per1000;
    return [
      { what: `${title}: requests`, value: requests, cpu: false, calls: admitted },
      { what: `${title}: sessions`, value: sessions, cpu: false, calls: admitted },
      { what: `${title}: CPU`, value: cpuSeconds, cpu: true, calls: admitted },
    ];
  });
  return [...rows, ...used];
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

/** For people: one line for each difference. */
export function comparisonText({ with: made, compared, differences }: Comparison): string {
  const head = `Compared with the run of ${made}: ${compared} figures, ${differences.length} differ by more than ${TOLERANCE * 100} %.`;
  const lines = differences.map(
    ({ what, before, now, reason }) => `  ${what}: ${short(before)} → ${short(now)}; ${reason || 'reason not known'}`,
  );
  return [head, ...lines].join('\n');
}

const short = (value: string): string => (Number.isNaN(Number(value)) ? value : Number(value).toPrecision(3));
