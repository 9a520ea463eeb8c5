import { kindOf, parseJson } from '../answer.ts';
import { challengeIn, solutionField } from '../challenges.ts';
import { processMeter, type Spend } from '../cost.ts';
import { createSender, field, type RawAnswer, type Sender } from '../http.ts';
import { parseTarget } from '../target.ts';
import { createWireClient, type WireClient } from '../wire-client.ts';
import { LIST, PAGE_OF_IDS, type RuleSet, STEP, thing } from './rule-sets.ts';

/** A gate whose clock can be put forward. */
export interface Shop {
  readonly port: number;
  /** Milliseconds its clock was put forward by. */
  ahead(): number;
  advance(milliseconds: number): Promise<void>;
}

export interface Walked {
  /** Calls for things that the backend answered. */
  readonly admitted: number;
  /** Requests in all: pages, entries, lists, steps, refused ones. */
  readonly requests: number;
  readonly sessions: number;
  readonly spend: Spend;
  /** Seconds that the gate made it wait. */
  readonly waited: number;
  /** Why it ended before it had what it wanted; ''. */
  readonly ended: string;
  /** Calls that it had had, and seconds since it began, when the gate first said something against one; null where it never did. */
  readonly noticed: Noticed | null;
}

export interface Noticed {
  readonly calls: number;
  readonly seconds: number;
}

export interface Want {
  /** Calls that are admitted. */
  readonly calls: number;
  /** Seconds that it spends, and seconds that it waits, at most. */
  readonly seconds: number;
  readonly patience: number;
}

/** New sessions a minute that gates give one address by default; beyond, they are a crowd, and worth as many. */
const MINTS = 60;
/** Sessions that wait side by side where each has to wait between its steps. */
const SIDE_BY_SIDE = 20;
/** Calls after which it looks once more whether a new session helps. */
const LOOK_AGAIN = 100;
/** Tries in a row that come to nothing: beyond, nothing will. */
const MOST_TRIES = 2000;

/**
 * A program that does what the page does and wants one thing after another, by one address, as soon as it may: where a limit
 * holds its session up, it takes a new one as long as that helps; else it waits for as long as it is told. Steps that lie
 * apart it goes with many sessions side by side.
 */
export async function walkRules(shop: Shop, set: RuleSet, want: Want): Promise<Walked> {
  const walker = createWalker(shop, set);
  const { counts } = walker;
  try {
    const early = await until(walker, set.before, want);
    const before = { ...counts };
    const stop = processMeter.start();
    const ended = early === '' ? await until(walker, set.before + want.calls, want) : early;
    return {
      admitted: counts.admitted - before.admitted,
      requests: counts.requests - before.requests,
      sessions: counts.sessions - before.sessions,
      waited: counts.waited - before.waited,
      spend: stop(),
      ended,
      noticed: walker.noticed(),
    };
  } finally {
    walker.close();
  }
}

/** Goes on until so many calls were admitted. Says why it could not; ''. */
async function until(walker: Walker, calls: number, { seconds, patience }: Want): Promise<string> {
  const end = performance.now() + seconds * 1000;
  const waitedBefore = walker.counts.waited;
  let ended = '';
  while (walker.counts.admitted < calls && ended === '') {
    if (performance.now() > end) ended = 'its time was up';
    else if (walker.counts.waited - waitedBefore > patience) ended = 'it would have had to wait too long';
    else ended = await walker.take();
  }
  return ended;
}

interface Walker {
  readonly counts: Counts;
  noticed(): Noticed | null;
  /** Tries to have the next thing, or one for each session; says why nothing will come of it, or ''. */
  take(): Promise<string>;
  close(): void;
}

interface Counts {
  admitted: number;
  requests: number;
  sessions: number;
  waited: number;
}

/** One session of the program. */
interface Hand {
  client: WireClient;
  /** Calls that it was good for. */
  calls: number;
  readonly given: Set<number>;
}

function createWalker(shop: Shop, set: RuleSet): Walker {
  const target = parseTarget(`http://127.0.0.1:${shop.port}${LIST}`);
  const counts: Counts = { admitted: 0, requests: 0, sessions: 0, waited: 0 };
  const sender = counting(createSender(target), counts);
  const now = (): number => Date.now() + shop.ahead();
  const minted: number[] = [];
  const hands: Hand[] = [];
  /** Calls from which on new sessions are worth trying. */
  let trySessionsAt = 0;
  let inVain = 0;
  const began = now();
  let noticed: Noticed | null = null;

  const wait = async (seconds: number): Promise<void> => {
    counts.waited += seconds;
    await shop.advance(seconds * 1000);
  };
  const newHand = async (at: number): Promise<string> => {
    while (minted.filter((time) => time > now() - 60_000).length >= MINTS) await wait(1);
    const client = createWireClient(target, '/', sender, now);
    minted.push(now());
    counts.sessions += 1;
    hands[at] = { client, calls: 0, given: new Set() };
    const { opened, why } = await client.open();
    return opened ? '' : why;
  };

  const learn = async (code: string, retryAfter: number, at: number): Promise<string> => {
    if (code === 'limit' && hands[at]?.calls === 0) trySessionsAt = counts.admitted + LOOK_AGAIN;
    else if (code === 'limit' && counts.admitted >= trySessionsAt) return newHand(at);
    if (code === 'not-served') hands[at]?.given.clear();
    else if (code === 'limit' || code === 'budget' || code === 'order') await wait(Math.max(1, retryAfter));
    else return (await hands[at]?.client.open())?.why ?? code;
    return '';
  };

  const callBy = async (hand: Hand, at: number): Promise<string> => {
    const answer = await askFor(set, hand.client, thing(counts.admitted));
    const kind = kindOf(answer);
    if (kind.by === 'nobody') return kind.why;
    if (kind.by === 'gate') {
      noticed ??= { calls: counts.admitted, seconds: (now() - began) / 1000 };
      inVain += 1;
      if (inVain > MOST_TRIES) return `refused with code ${kind.code}`;
      return learn(kind.code, Number(field(answer.fields, 'retry-after')) || 0, at);
    }
    counts.admitted += 1;
    hand.calls += 1;
    inVain = 0;
    return '';
  };

  return {
    counts,
    noticed: () => noticed,
    close: () => sender.close(),
    async take() {
      const wanted = set.step === null ? 1 : SIDE_BY_SIDE;
      if (hands.length < wanted) return newHand(hands.length);
      for (const hand of hands) await prepare(set, hand, counts.admitted);
      const seconds = set.step?.seconds ?? set.pace;
      if (seconds > 0) await wait(seconds);
      for (const [at, hand] of hands.entries()) {
        const ended = await callBy(hand, at);
        if (ended !== '') return ended;
      }
      return '';
    },
  };
}

/** A call, and the work that it is asked for. */
export async function askFor({ works }: RuleSet, client: WireClient, path: string): Promise<RawAnswer> {
  const answer = await client.call({ method: 'GET', at: path });
  const asked = works ? challengeIn(answer) : null;
  const fields = asked === null ? null : await solutionField(asked);
  if (asked === null || fields === null) return answer;
  return client.call({ method: 'GET', at: path, nonce: asked.counter, fields });
}

/** What comes before a call, as the rules ask for it. */
export async function prepare(
  { lists, step }: RuleSet,
  { client, given }: Pick<Hand, 'client' | 'given'>,
  next: number,
): Promise<void> {
  // Each of them may be the one that comes to it.
  for (const id of lists ? [next, next + SIDE_BY_SIDE] : []) {
    if (given.has(id)) continue;
    const list = await client.call({ method: 'GET', at: `${LIST}?page=${Math.floor(id / PAGE_OF_IDS)}` });
    const ids = parseJson(list.body);
    if (Array.isArray(ids)) for (const one of ids) given.add(Number(one));
  }
  if (step !== null) await client.call({ method: 'POST', at: STEP, body: NOTHING, contentType: 'application/json' });
}

const NOTHING = Buffer.from('{}');

function counting(sender: Sender, counts: Counts): Sender {
  return {
    close: () => sender.close(),
    send(request) {
      counts.requests += 1;
      return sender.send(request);
    },
  };
}
