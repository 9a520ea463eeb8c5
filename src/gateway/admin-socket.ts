import { chmodSync, existsSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { connect, type Server } from 'node:net';

/** A socket that nobody answers on was left by a gate that was killed; one that somebody answers on is in use. */
export async function clearStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (await isAnswered(path)) return;
  rmSync(path, { force: true });
}

export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** A folder that another gate removes with its own socket comes back; nobody removes it so often. */
const ATTEMPTS = 8;

/**
 * Binds in a folder that gates share, and that goes with the last of them: perhaps just now, between its making and the
 * socket's.
 *
 * @param prepare makes the folder, or checks it
 */
export async function listenInFolder(server: Server, path: string, prepare: () => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      prepare();
      await clearStale(path);
      await listenPrivately(server, path, true);
      return;
    } catch (error) {
      if (!mayBeGone(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Of a folder that is not there, binding says EACCES. */
const mayBeGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');

/**
 * Binds under a name of its own and moves it into place: it is never open to others for a moment, and during a rolling
 * upgrade the newer gate takes the name over from the older one.
 */
export async function listenPrivately(server: Server, path: string, onDisk: boolean): Promise<void> {
  const first = onDisk ? `${path}.${process.pid}` : path;
  if (onDisk) rmSync(first, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(first, resolve);
  });
  if (!onDisk) return;
  chmodSync(first, 0o600);
  renameSync(first, path);
}

/** Only ours: after a rolling upgrade the name belongs to the newer gate. The folder goes with the last socket in it. */
export function removeOwn(folder: string, path: string, inode: number): void {
  try {
    if (statSync(path).ino === inode) rmSync(path, { force: true });
    rmdirSync(folder);
  } catch {
    // It is gone already, or another gate lives there.
  }
}
