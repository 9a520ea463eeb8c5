import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where sockets of this user's gates lie. On Windows named pipes have no folder: ''. */
export function runtimeFolder(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (platform === 'win32') return '';
  const given = environment['XDG_RUNTIME_DIR'];
  if (given?.startsWith('/')) return join(given, 'sallyport');
  return join(tmpdir(), `sallyport-${userInfo().uid}`);
}

/**
 * Makes the folder, or checks the one that is there: a real folder, ours, closed to others. In a shared temporary
 * folder anybody could have made it first; then we refuse rather than talk through somebody else's door.
 */
export function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertOurs(folder);
}

export function assertOurs(folder: string): void {
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
  if (found.uid !== userInfo().uid) throw new Error(`${folder} belongs to another user`);
  if ((found.mode & 0o077) !== 0) throw new Error(`${folder} is open to other users; run: chmod 700 ${folder}`);
}

/** Path of the socket, or name of the pipe, of the gate that listens on this port. */
export function socketPath(folder: string, port: number, user = userInfo().username): string {
  return folder === '' ? `\\\\.\\pipe\\sallyport-${user}-${port}` : join(folder, `${port}.sock`);
}
