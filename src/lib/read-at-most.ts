import { concat } from './bytes.ts';

/** The whole body of somebody else's answer. Throws TypeError for more than `limit` bytes. */
export async function readAtMost(response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    // Leaving the loop cancels the rest.
    if (length > limit) throw new TypeError('the answer is too long');
    pieces.push(piece);
  }
  return concat(...pieces);
}
