import { Duplex, type Transform } from 'node:stream';

/**
 * Several transforms as one: what is written enters the first, what is read leaves the last, back-pressure goes all
 * the way, and the end or fault of any is the end or fault of all.
 */
export function chain(links: readonly Transform[]): Duplex {
  const first = links[0];
  const last = links.at(-1);
  if (first === undefined || last === undefined) throw new TypeError('chain needs at least one link');
  const whole = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      if (first.write(chunk)) done();
      else first.once('drain', done);
    },
    final(done) {
      first.end(done);
    },
    read() {
      last.resume();
    },
    destroy(error, done) {
      for (const link of links) link.destroy();
      done(error);
    },
  });
  for (const [index, link] of links.entries()) {
    const next = links[index + 1];
    if (next !== undefined) link.pipe(next);
    link.on('error', (error) => whole.destroy(error));
  }
  last.on('data', (data: Buffer) => {
    if (!whole.push(data)) last.pause();
  });
  last.on('end', () => whole.push(null));
  return whole;
}
