import { randomUUID } from 'node:crypto';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { formatModel, MOST_MODEL_BYTES, parseModel, type ReadModel } from './model-file.ts';
import type { Model } from './model.ts';

/**
 * Reads a model; null where there is no file yet. Throws RangeError naming the file where it holds none: what is believed has
 * to be whole.
 *
 * @param sessions that it takes from here on; as {@link parseModel}
 */
export async function readModel(path: string, sessions?: number): Promise<ReadModel | null> {
  let text: string;
  try {
    if ((await stat(path)).size > MOST_MODEL_BYTES) throw new RangeError(`${path}: too long for a behaviour model`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return parseModel(text, sessions);
  } catch (error) {
    throw new RangeError(`${path}: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

/** Writes it beside and puts it in place, so that a process that ends on the way leaves the old one whole. */
export async function writeModel(path: string, model: Model, routes: readonly string[]): Promise<void> {
  const beside = `${path}.${randomUUID()}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(formatModel(model, routes));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
}
