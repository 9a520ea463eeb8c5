/** Who used something: the first of its voices by name, and how many sessions there were of it. Of fixed size. */
export interface Voices {
  /**
   * @param voice network, or session where networks are not told apart
   * @param session the hash of its name
   */
  add(voice: string, session: number): void;
  /** The first {@link FEW} of them. */
  readonly first: readonly string[];
  /** Sessions: exactly while they are few, about so many later. */
  readonly sessions: number;
  /** As they are now, to go on by themselves. */
  copy(): Voices;
}

/** Whose call it is. */
export interface Sender {
  /** Network, or session where networks are not told apart. */
  readonly voice: string;
  /** Hash of its name. */
  readonly session: number;
}

/** What so many voices used is no whim of one of them. */
export const FEW = 3;

/** A multiple of 32. The estimate is within a few percent up to some thousand sessions. */
const BITS = 2048;

/** Sessions are counted by the places that stay empty where each takes one by its hash (linear counting, Whang 1990). */
export function createVoices(from: readonly string[] = [], taken = new Uint32Array(BITS / 32)): Voices {
  const first = [...from];
  return {
    first,
    add(voice, session) {
      if (first.length < FEW && !first.includes(voice)) first.push(voice);
      const bit = Math.imul(session ^ (session >>> 16), 0x85ebca6b) >>> 21;
      taken[bit >>> 5] = (taken[bit >>> 5] ?? 0) | (1 << (bit & 31));
    },
    get sessions() {
      const empty = BITS - taken.reduce((sum, word) => sum + bitsIn(word), 0);
      return Math.round(-BITS * Math.log(Math.max(1, empty) / BITS));
    },
    copy: () => createVoices(first, taken.slice()),
  };
}

function bitsIn(word: number): number {
  let bits = 0;
  for (let left = word; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

/** Whether it may be a whim of one of them. */
export const isRare = ({ first }: Pick<Voices, 'first'>): boolean => first.length < FEW;

/** Takes out what one voice alone used, of the voice that used the most so. Whether there was more than a single one. */
export function dropGreediest<T>(all: Map<string, T>, by: (one: T) => Voices): boolean {
  const alone = [...all].flatMap(([name, one]) => {
    const [voice = '', ...others] = by(one).first;
    return others.length === 0 ? [{ name, voice }] : [];
  });
  const [most = []] = [...Map.groupBy(alone, ({ voice }) => voice).values()].toSorted((a, b) => b.length - a.length);
  if (most.length < 2) return false;
  for (const { name } of most) all.delete(name);
  return true;
}
