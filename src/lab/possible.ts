import type { Attacker } from './lab.ts';
import type { RungReport } from './outcome.ts';

/** What is true of every gate of this kind and is not a row of the table. */
const ALWAYS: readonly string[] = [
  'Paid humans in front of real browsers: that they get in is what the gate is for; what they cost here is an assumption.',
  'Code inside the page (cross-site scripting, browser extensions) can have its calls signed by the page’s own keys: not measured here.',
  'A captured request that has not arrived yet passes once, for whoever sends it first.',
  'Whoever gets in may do what the backend lets anybody do: who may is for login and authorization.',
];

/** What still gets in, cheapest way first; never empty. */
export function stillPossible(
  report: { readonly nothingBlocked: boolean; readonly rollout: string; readonly rungs: readonly RungReport[] },
  attackers: readonly Attacker[],
): string[] {
  const list = report.nothingBlocked
    ? ['Everything that the table shows to get in, a plain client first: nothing stands in its way.']
    : report.rungs.filter(getsIn).map((rung) => wayIn(rung, attackers));
  const unknown = Object.groupBy(
    report.rungs.filter((rung) => rung.verdict === 'not run'),
    (rung) => rung.why,
  );
  for (const [why, rungs = []] of Object.entries(unknown)) {
    list.push(`Not run, so unknown: ${rungs.map((rung) => rung.title).join(', ')} (${why}).`);
  }
  return [...partly(report.rollout), ...list, ...ALWAYS];
}

/** What the rows say holds for the sessions that this run happened to be. */
const partly = (rollout: string): string[] =>
  rollout === '100%'
    ? []
    : [
        `The gate enforces for ${rollout} of the sessions: whoever is refused gets in by another session, or from another network.`,
      ];

const getsIn = (rung: RungReport): boolean => rung.verdict === 'gets in' || rung.verdict === 'slowed';

/** What one of them gets, and its price. */
export const wayIn = (rung: RungReport, attackers: readonly Attacker[]): string =>
  possibleOf(rung, attackers) + price(rung);

function possibleOf(rung: RungReport, attackers: readonly Attacker[]): string {
  return attackers.find((attacker) => attacker.name === rung.name)?.possible ?? rung.title;
}

function price(rung: RungReport): string {
  const ratio = rung.cost?.cpuRatio ?? null;
  return ratio === null ? '.' : `, for ${ratio.toFixed(ratio < 10 ? 1 : 0)}x the CPU of a plain call.`;
}
