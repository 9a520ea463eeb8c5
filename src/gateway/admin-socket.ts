import { chmodSync, existsSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';

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
