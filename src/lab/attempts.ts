import { kindOf } from './answer.ts';
import { perCall, type Spend } from './cost.ts';
import type { RawAnswer, RawRequest, Sender } from './http.ts';
import type { Lab } from './lab.ts';
import { MINTS_SPENT, NotRun } from './not-run.ts';
import type { Tally } from './tally.ts';
import type { Opening, WireClient } from './wire-client.ts';
import type { Call } from './wire-proof.ts';

/** Calls in one stretch between two comparisons: short, so that some meet a machine that does nothing else. */
const STRETCH = 10;

/**
 * Makes up to `count` tries one after another within the attacker's time and writes down what they cost. The maker
 * may build a request each time: that is part of the price.
 */
export async function attempt(
  lab: Lab,
  tally: Tally,
  sender: Sender,
  count: number,
  make: (index: number) => RawRequest | Promise<RawRequest>,
): Promise<void> {
  await inStretches(lab, tally, count, async (from, calls) => {
    const stop = tally.meter.start();
    for (let i = from; i < from + calls && lab.now() < lab.until; i++) {
      tally.add(kindOf(await sender.send(await make(i))));
    }
    return stop();
  });
}

/**
 * Makes tries in stretches, each followed by as many plain calls where it got in: the machine is shared and noisy, and
 * only prices taken side by side can be compared. `stretch` makes the tries, writes them down and answers their time;
 * there are `length` of them in one.
 */
export async function inStretches(
  lab: Lab,
  tally: Tally,
  count: number,
  stretch: (from: number, calls: number) => Promise<Spend>,
  length = STRETCH,
): Promise<void> {
  const plainSender = lab.sender();
  for (let from = 0; from < count && lab.now() < lab.until; from += length) {
    const mark = tally.mark();
    const spend = await stretch(from, Math.min(length, count - from));
    const admitted = tally.admitted - mark.admitted;
    tally.spent(spend, mark);
    if (admitted > 0)
      tally.pair({ call: perCall(spend, admitted), plain: await plainCalls(lab, tally, plainSender, admitted) });
  }
}

/** Time of one plain call, out of `count` of them over a connection that is open. */
export async function plainCalls(lab: Lab, tally: Tally, sender: Sender, count: number): Promise<Spend> {
  // The connection is opened outside the comparison: the attacker has its own open, too.
  if (kindOf(await sender.send(plainRequest(lab))).by === 'backend') tally.honest();
  const stop = tally.meter.start();
  for (let i = 0; i < count; i++) {
    if (kindOf(await sender.send(plainRequest(lab))).by === 'backend') tally.honest();
  }
  return perCall(stop(), count);
}

/** Whether the attacker's time is up; then says in the report how much of its list was left. */
export function timeIsUp(lab: Lab, tally: Tally, left: number): boolean {
  if (lab.now() < lab.until) return false;
  tally.note(`its time was up: ${left} of its list not tried`);
  return true;
}

/**
 * Whether a client has an open door to call through. A refused entry is a try that was stopped; a spent mint limit
 * or an address without a gate teaches nothing.
 */
export function wentThrough(opening: Opening, tally: Tally): boolean {
  if (opening.opened) return true;
  if (opening.kind.by !== 'gate') throw new NotRun(opening.why);
  if (opening.kind.code === 'limit') throw new NotRun(MINTS_SPENT);
  tally.add(opening.kind);
  tally.note(opening.why);
  return false;
}

/** A request as a program without any knowledge of the gate sends it. */
export function plainRequest(lab: Pick<Lab, 'target' | 'method'>, fields: readonly string[] = []): RawRequest {
  const { target } = lab;
  return {
    method: lab.method,
    target: target.path + target.query,
    fields: ['Host', target.authority, 'Accept', '*/*', ...fields],
    body: null,
  };
}

/** The honest client of the run, for attackers that copy from it. */
export function honestClient(lab: Lab): WireClient {
  if (lab.honest === null) throw new NotRun(`there is nothing to copy: ${lab.base.doors}`);
  return lab.honest;
}

/**
 * A call of the honest client, beside the tries. The lab makes many by it within seconds: where the gate takes that for unusual use,
 * it loads the page again, as a person would, and calls once more.
 */
export async function honestCall(lab: Lab, call: Call): Promise<RawAnswer> {
  const client = honestClient(lab);
  const answer = await client.call(call);
  const kind = kindOf(answer);
  if (kind.by !== 'gate' || kind.code !== 'behaviour') return answer;
  await client.open();
  return client.call(call);
}
