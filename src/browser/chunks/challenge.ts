import { type ChallengeKind, type ChallengeMember, HEADER_CHALLENGE } from '../../wire/challenge.ts';
import type { Chunks, Context } from '../context.ts';
import type { Entry } from '../door.ts';
import type { Platform } from '../platform.ts';
import { prove } from '../proof.ts';
import { parseProblem } from '../refusal.ts';
import { REMEDIES } from './refused.ts';

/** Does the further step that a refusal asks for (docs/challenges.md), so that the app sees the final answer alone. */

/** For so long after one of its solutions was not taken, a kind that has another way is met that way: milliseconds. */
const DOUBTED = 60_000;
/** A page that is let in is asked for no other challenge so soon after: milliseconds. */
const AGAIN = 15_000;
/** Refusals that were under way when the session passed come in this long after. */
const LATE = 2000;

/** An answer, and by which kind. */
interface Found {
  readonly kind: ChallengeKind;
  readonly text: string;
}

const doubted = new Map<ChallengeKind, number>();
/** Calls of one page need one pass. */
const passing = new Map<ChallengeKind, Promise<boolean>>();
let passedAt = 0;

/** What an entry that brings a solution was made of, and by which kind. */
const solved = new WeakMap<Entry, { readonly entry: Entry; readonly kind: ChallengeKind }>();

/** The entry as it was before a solution was put to it. */
export const plain = (entry: Entry): Entry => solved.get(entry)?.entry ?? entry;

/** What to sign the same call with once more; undefined where nothing can be done. `tries`: how often it was sent. */
export async function pass(
  context: Context,
  member: ChallengeMember | undefined,
  used: Entry,
  tries: number,
): Promise<Entry | undefined> {
  const { door, platform, chunks } = context;
  if (!member) {
    // The solution was not taken, and its counter is gone: with another one comes another challenge.
    const { kind } = solved.get(used) ?? {};
    if (kind) doubted.set(kind, platform.now());
    return door.ready();
  }
  if (member.shared) {
    if (tries < 2 && platform.now() - passedAt < LATE) return door.ready();
    const run = passing.get(member.kind) ?? redeem(context, member, plain(used));
    passing.set(member.kind, run);
    return (await run.finally(() => passing.delete(member.kind))) ? door.ready() : undefined;
  }
  const found = await solutionTo(platform, chunks, member);
  return found && bringing(plain(used), member.counter, found);
}

/** What the second door was last answered with. */
let opening: { readonly kind: ChallengeKind; readonly at: number } | undefined;

/** What a challenge is answered with at the second door; undefined where nobody answers. */
export async function solve(platform: Platform, chunks: Chunks, member: ChallengeMember): Promise<string | undefined> {
  const { kind, at } = opening ?? {};
  // Asked again at once: the last one did not do.
  if (kind && platform.now() - Number(at) < AGAIN) doubted.set(kind, platform.now());
  const found = await solutionTo(platform, chunks, member);
  opening = found && { kind: found.kind, at: platform.now() };
  return found?.text;
}

/** Undefined too where a part cannot be loaded or a browser cannot compute: the app then gets the gate's own answer. */
async function solutionTo(platform: Platform, chunks: Chunks, member: ChallengeMember): Promise<Found | undefined> {
  return find(platform, chunks, member).catch(() => undefined);
}

async function find(platform: Platform, chunks: Chunks, member: ChallengeMember): Promise<Found | undefined> {
  const found = isOwn(member)
    ? { challenge: member, solution: await solveOwn(platform, chunks, member) }
    : await (await chunks('captcha')).solve(
        member,
        (other) => solveOwn(platform, chunks, other),
        platform.now() - (doubted.get(member.kind) ?? 0) < DOUBTED,
      );
  if (!found) return undefined;
  const { challenge, solution } = found;
  return { kind: challenge.kind, text: `${challenge.token} ${solution}` };
}

/** What is done here, and shown to nobody. */
export const isOwn = ({ kind }: ChallengeMember): boolean => kind === 'proof-of-work' || kind === 'wait';

async function solveOwn(
  platform: Platform,
  chunks: Chunks,
  { kind, id, parameters }: ChallengeMember,
): Promise<string> {
  const number = (name: string) => Number(parameters[name]);
  if (kind !== 'wait') return (await chunks('work')).solve({ id, cost: number('cost'), puzzles: number('puzzles') });
  await new Promise<void>((done) => void platform.later(done, number('seconds') * 1000));
  return 'waited';
}

/** The same entry, for one call with the counter that the challenge is bound to. */
function bringing(entry: Entry, counter: number, { kind, text }: Found): Entry {
  const made = { ...entry, counter: counter - 1, fields: { [HEADER_CHALLENGE]: text } };
  solved.set(made, { entry, kind });
  return made;
}

/** Passes for the session. True where the call is worth another try. */
async function redeem(context: Context, member: ChallengeMember, used: Entry): Promise<boolean> {
  const { platform, door, gate, config, chunks } = context;
  const found = await solutionTo(platform, chunks, member);
  if (!found) return false;
  const url = new URL(`${gate}${config.mount}/challenge?for=${encodeURIComponent(member.action)}`);
  const call = { method: 'GET', url, header: () => null, digest: undefined, signed: undefined };
  const headers = await prove(platform, door, bringing(used, member.counter, found), call);
  const response = await platform.fetch(url, {
    headers,
    credentials: 'include',
    cache: 'no-store',
    redirect: 'manual',
  });
  if (response.ok) {
    passedAt = platform.now();
    return true;
  }
  doubted.set(found.kind, platform.now());
  // In a tab that slept meanwhile it is not the solution that fails.
  const remedy = REMEDIES[parseProblem(await response.text())?.code ?? 'challenge'];
  if (remedy === 'clock') door.learn(response.headers.get('date'));
  if (remedy === 'enter') await door.again(used);
  return true;
}
