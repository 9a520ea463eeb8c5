import { kindOf } from './answer.ts';
import { inStretches } from './attempts.ts';
import { addSpend, type Spend } from './cost.ts';
import type { RawAnswer } from './http.ts';
import type { Lab } from './lab.ts';
import { MINTS_SPENT, NotRun } from './not-run.ts';
import { callInPage, type Evaluator } from './page-calls.ts';
import type { Tally } from './tally.ts';

/** Seconds of CPU of all of a browser's processes since launch; null where it does not say. */
export type BrowserClock = () => Promise<number | null>;

/** The app's page in a browser, whichever library drives it. */
export interface DrivenPage {
  readonly page: Evaluator;
  /** Whether the gate has put off the page's entry. */
  limited(): boolean;
  /** What is done before each call. Default: nothing, and calls are made one after another without coming back. */
  readonly beforeCall?: () => Promise<void>;
  close(): Promise<void>;
}

export interface Drive {
  readonly cpu: BrowserClock;
  open(): Promise<DrivenPage>;
  /** Default: as many as other rows make. */
  readonly calls?: number;
}

/** Browsers count their CPU roughly: more calls in one stretch than programs make. */
const STRETCH = 25;

/** Opens the page, and calls from inside it: the page's own keys sign. */
export async function callFromPage(lab: Lab, tally: Tally, { cpu, open, calls = lab.calls }: Drive): Promise<void> {
  tally.needs({ browsers: 1 });
  const opening = await meter(tally, cpu);
  const driven = await open();
  try {
    const first = await callInPage(driven.page, lab, 1);
    tally.setup(await opening());
    if (driven.limited()) throw new NotRun(MINTS_SPENT);
    for (const answer of first) tally.add(kindOf(answer));
    const stretch = async (_from: number, count: number): Promise<Spend> => {
      const calling = await meter(tally, cpu);
      const answers = await callsOf(driven, lab, count);
      const spend = await calling();
      for (const answer of answers) tally.add(kindOf(answer));
      return spend;
    };
    await inStretches(lab, tally, calls - 1, stretch, STRETCH);
  } finally {
    await driven.close();
  }
  if (tally.admitted === 0)
    tally.note('the page’s own calls were refused: in this browser the app itself does not work');
}

async function callsOf({ page, beforeCall }: DrivenPage, lab: Lab, count: number): Promise<readonly RawAnswer[]> {
  if (beforeCall === undefined) return callInPage(page, lab, count);
  const answers: RawAnswer[] = [];
  for (let i = 0; i < count && lab.now() < lab.until; i++) {
    await beforeCall();
    answers.push(...(await callInPage(page, lab, 1)));
  }
  return answers;
}

/** Time of this process and of the browser's together. */
async function meter(tally: Tally, cpu: BrowserClock): Promise<() => Promise<Spend>> {
  const before = await cpu();
  const stop = tally.meter.start();
  return async () => {
    const own = stop();
    const after = await cpu();
    return addSpend(own, { wall: 0, cpu: before === null || after === null ? null : after - before });
  };
}

/** Says where a window was drawn, where nobody saw it. */
export async function noteWindow(lab: Lab, tally: Tally): Promise<void> {
  const { kind } = await lab.display();
  if (kind === 'virtual') tally.note('no display here: its window was drawn by Xvfb, whose CPU is not counted');
  if (kind === 'none') tally.note('neither a display nor Xvfb here: its window was drawn nowhere');
}
