import type { ConcurrentRule, LimitRule, UseResult } from '../../../guard/use.ts';
import { noteLimit, refuseBy } from '../../../guard/use-result.ts';
import { OpenShare } from './open.ts';
import type { Got, Share, Try, Waiter } from './share.ts';
import type { Taken } from './wide.ts';

/** One counter that a request falls under, and what was found in this process's share of it. */
export interface Want {
  readonly share: Share & { wait(waiter: Waiter): void };
  /** Null for a quota. */
  readonly rule: LimitRule | ConcurrentRule | null;
  readonly mayWait: boolean;
  /** Undefined where the counter has to be asked. */
  readonly found: Try | undefined;
}

interface Failed {
  readonly ok: false;
  readonly error: unknown;
}

/** Takes of all, or of none: then null, or a rejection. `wants` are tried one by one, as far as the first without room. */
export function takeAll(
  wants: Iterable<Want>,
  used: UseResult,
  plan: (share: Share) => void,
): Taken | null | Promise<Taken | null> {
  const taking: Want[] = [];
  const found: Try[] = [];
  for (const want of wants) {
    taking.push(want);
    if (want.found === undefined) continue;
    found.push(want.found);
    if (!want.found.ok) return concluded(taking, taking.map(foundBefore), used);
  }
  if (found.length === taking.length) return concluded(taking, found, used);
  // What has to be asked for is asked for at the same time.
  return Promise.all(taking.map((want) => asked(want, plan))).then((all) => concluded(taking, all, used));
}

const NOT_ASKED: Try = Object.freeze({ ok: false, wait: 0 });

const foundBefore = ({ found }: Want): Try => found ?? NOT_ASKED;

function asked({ found, share, mayWait }: Want, plan: (share: Share) => void): Try | Promise<Try | Failed> {
  if (found !== undefined) return found;
  return new Promise((resolve) => {
    share.wait({ mayWait, resolve, reject: (error) => resolve({ ok: false, error }) });
    plan(share);
  });
}

function concluded(taking: readonly Want[], found: readonly (Try | Failed)[], used: UseResult): Taken | null {
  const got = found.filter((one) => one.ok);
  if (got.length === found.length) return taken(taking, got, used);
  for (const { undo } of got) undo();
  for (const one of found) if (!one.ok && 'error' in one) throw one.error;
  // The first without room; whoever was not asked on its account has said nothing.
  const place = found.findIndex((one) => !one.ok && one !== NOT_ASKED);
  const [rule, refused] = [taking[place]?.rule ?? null, found[place]];
  if (rule !== null && refused !== undefined && 'wait' in refused) refuseBy(used, rule, refused.wait);
  return null;
}

function taken(taking: readonly Want[], got: readonly Got[], used: UseResult): Taken {
  const open: OpenShare[] = [];
  for (const [place, { rule, share }] of taking.entries()) {
    const { delay = 0, debt = 0 } = got[place] ?? {};
    if (share instanceof OpenShare) open.push(share);
    else if (rule !== null && 'interval' in rule) {
      if (delay > used.delay) used.delay = delay;
      noteLimit(used, rule, debt);
    }
  }
  let ended = false;
  return {
    open: open.length > 0,
    undo() {
      if (ended) return;
      ended = true;
      for (const { undo } of got) undo();
    },
    end() {
      if (ended) return;
      ended = true;
      for (const share of open) share.close();
    },
  };
}
