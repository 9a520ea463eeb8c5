import type { Observation } from '../observation.ts';
import { inLog } from './combined-log.ts';

/** Lines of one log that have been read, in 24 bytes each: whoever reads the log again need not take them apart again. */
export interface KeptLines {
  /** Lines that are kept: the first ones. */
  readonly size: number;
  /**
   * Takes the next line, while there is room; null where it tells of no request. Answers with what is kept of it, or with what
   * was given.
   *
   * @param line from 0
   */
  add(line: number, one: Observation | null): Observation | null;
  /** @param line less than `size` */
  at(line: number): Observation | null;
}

interface Block {
  /** Number of its first line: no other line has the same, of whichever log. */
  readonly first: number;
  readonly times: Float64Array;
  /** {@link LONG} */
  readonly longs: Uint32Array;
  /** {@link SHORT} */
  readonly shorts: Uint16Array;
}

const LONG = { prefix: 0, target: 1, size: 2 } as const;
const SHORT = { agent: 0, page: 1, method: 2, status: 3, size: 4 } as const;
/** In place of a status. */
const NO_REQUEST = 0xffff;

/** Lines in a block: a power of two, so that a short log takes little. */
const BLOCK = 2 ** 15;
/** Of all logs together: 30 MiB of lines, and what stands in them. */
const MOST: Room = { blocks: 40, characters: 16 * 2 ** 20 };
const MOST_LONG = 2 ** 18;
const MOST_SHORT = 2 ** 16;

/** What may still be kept. */
interface Room {
  /** Of 32,768 lines. */
  blocks: number;
  /** Of the texts that stand in lines, each of them counted once. */
  characters: number;
}

interface Dictionaries {
  readonly prefixes: Texts;
  readonly targets: Texts;
  readonly agents: Texts;
  readonly pages: Texts;
  readonly methods: Texts;
}

/**
 * Room for the lines of several logs. What finds none is taken apart at each reading.
 *
 * @param most what is kept of all of them together. Default: what a million lines take, and some more
 */
export function createKeeping(most: Readonly<Room> = MOST): () => KeptLines {
  const room = { ...most };
  const texts = {
    prefixes: createTexts(MOST_LONG, room),
    targets: createTexts(MOST_LONG, room),
    agents: createTexts(MOST_SHORT, room),
    pages: createTexts(MOST_SHORT, room),
    methods: createTexts(MOST_SHORT, room),
  };
  const nextBlock = (): Block | undefined => {
    if (room.blocks === 0) return undefined;
    room.blocks -= 1;
    return newBlock();
  };
  return () => createKeptLines(texts, nextBlock);
}

let blocksMade = 0;

function newBlock(): Block {
  blocksMade += 1;
  return {
    first: blocksMade * BLOCK,
    times: new Float64Array(BLOCK),
    longs: new Uint32Array(BLOCK * LONG.size),
    shorts: new Uint16Array(BLOCK * SHORT.size),
  };
}

/** @param nextBlock undefined where there is no room for one */
function createKeptLines(texts: Dictionaries, nextBlock: () => Block | undefined): KeptLines {
  const blocks: Block[] = [];
  let size = 0;
  let isFull = false;
  const blockFor = (line: number): Block | undefined => {
    const known = blocks[Math.floor(line / BLOCK)];
    if (known !== undefined) return known;
    const made = nextBlock();
    if (made !== undefined) blocks.push(made);
    return made;
  };
  return {
    get size() {
      return size;
    },
    add(line, one) {
      if (isFull || line !== size) return one;
      const block = blockFor(line);
      isFull = block === undefined || !put(block, line % BLOCK, one, texts);
      if (isFull || block === undefined) return one;
      size += 1;
      return take(block, line % BLOCK, texts);
    },
    at(line) {
      const block = blocks[Math.floor(line / BLOCK)];
      return block === undefined ? null : take(block, line % BLOCK, texts);
    },
  };
}

/** False where there is no room for something in it. */
function put({ times, longs, shorts }: Block, place: number, one: Observation | null, texts: Dictionaries): boolean {
  const [long, short] = [place * LONG.size, place * SHORT.size];
  shorts[short + SHORT.status] = one === null ? NO_REQUEST : one.status;
  if (one === null) return true;
  const prefix = texts.prefixes.numberOf(one.prefix);
  const target = texts.targets.numberOf(one.target);
  const agent = texts.agents.numberOf(one.agent);
  const page = texts.pages.numberOf(one.page);
  const method = texts.methods.numberOf(one.method);
  if (Math.min(prefix, target, agent, page, method) < 0) return false;
  times[place] = one.time;
  longs[long + LONG.prefix] = prefix;
  longs[long + LONG.target] = target;
  shorts[short + SHORT.agent] = agent;
  shorts[short + SHORT.page] = page;
  shorts[short + SHORT.method] = method;
  return true;
}

function take({ first, times, longs, shorts }: Block, place: number, texts: Dictionaries): Observation | null {
  const [long, short] = [place * LONG.size, place * SHORT.size];
  const status = shorts[short + SHORT.status] ?? NO_REQUEST;
  if (status === NO_REQUEST) return null;
  const target = longs[long + LONG.target] ?? 0;
  return inLog(
    times[place] ?? 0,
    texts.prefixes.textOf(longs[long + LONG.prefix] ?? 0),
    texts.methods.textOf(shorts[short + SHORT.method] ?? 0),
    texts.targets.textOf(target),
    status,
    texts.agents.textOf(shorts[short + SHORT.agent] ?? 0),
    texts.pages.textOf(shorts[short + SHORT.page] ?? 0),
    first + place,
    target,
  );
}

interface Texts {
  /** The number of a text; -1 where there is no room for it. */
  numberOf(text: string): number;
  /** @param number that was given */
  textOf(number: number): string;
}

function createTexts(most: number, room: { characters: number }): Texts {
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  return {
    numberOf(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      if (texts.length >= most || text.length > room.characters) return -1;
      room.characters -= text.length;
      // A copy: the text may have been cut out of a line, and would keep all of it alive.
      const own = Buffer.from(text).toString();
      numbers.set(own, texts.length);
      return texts.push(own) - 1;
    },
    textOf: (number) => texts[number] ?? '',
  };
}
