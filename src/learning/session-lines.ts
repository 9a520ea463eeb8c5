/** Numbers of sessions by the lines of logs that are kept: where each line has one, a second reading has nothing to tell apart. */
export interface SessionLines {
  /** Another reading begins. True where all that was read before had lines: numbers hold, and are never given anew. */
  begin(): boolean;
  /** 0 where it is not known. @param line -1 for what no log keeps */
  get(line: number): number;
  set(line: number, session: number): void;
}

/** Lines in a block: a power of two. */
const BLOCK = 2 ** 15;

export function createSessionLines(): SessionLines {
  const blocks = new Map<number, Uint32Array>();
  /** Sessions go on from line to line: what has none in the first reading makes the numbers of all others useless. */
  let use: 'filled' | 'known' | 'useless' = 'filled';
  let readings = 0;
  return {
    begin() {
      readings += 1;
      if (readings > 1 && use === 'filled') use = 'known';
      return use === 'known';
    },
    get: (line) => (use === 'known' && line >= 0 ? (blocks.get(Math.floor(line / BLOCK))?.[line % BLOCK] ?? 0) : 0),
    set(line, session) {
      if (use === 'useless') return;
      if (line < 0) {
        if (use === 'known') return;
        use = 'useless';
        blocks.clear();
        return;
      }
      const number = Math.floor(line / BLOCK);
      const block = blocks.get(number) ?? new Uint32Array(BLOCK);
      block[line % BLOCK] = session;
      blocks.set(number, block);
    },
  };
}
