import { Transform } from 'node:stream';

/** Something that is fed pieces of a body and gives pieces back. */
export interface Pieces {
  write(chunk: Buffer): Buffer[];
  end(): Buffer[];
}

/** One transform out of several such things, each fed what the one before gives. Every piece leaves at once. */
export function pieceByPiece(...links: readonly Pieces[]): Transform {
  const feed = (pieces: readonly Buffer[], from: number): readonly Buffer[] => {
    let current = pieces;
    for (const link of links.slice(from)) current = current.flatMap((piece) => link.write(piece));
    return current;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const piece of feed([chunk], 0)) this.push(piece);
      done();
    },
    flush(done) {
      for (const [index, link] of links.entries()) {
        for (const piece of feed(link.end(), index + 1)) this.push(piece);
      }
      done();
    },
  });
}
