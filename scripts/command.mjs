import { spawn } from 'node:child_process';
import { root } from './install.mjs';

const windows = process.platform === 'win32';
const running = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) kill(child, signal);
    process.exit(1);
  });
}

/**
 * Runs one command and passes its output on. Resolves to its exit code and everything it wrote. A command that a
 * signal ended, or that did not end within `timeout` milliseconds, has code 1. Whatever it started ends with it.
 */
export function run(command, args, { timeout = 0, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: what a test leaves behind can be ended with it.
      detached: !windows,
      shell: windows,
    });
    running.add(child);
    const chunks = [];
    const keep = (stream) => (chunk) => {
      chunks.push(chunk);
      stream.write(chunk);
    };
    child.stdout.on('data', keep(process.stdout));
    child.stderr.on('data', keep(process.stderr));
    const timer = timeout > 0 ? setTimeout(() => stop(child, timeout), timeout) : undefined;
    const finish = (code, note = '') => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') + note });
    };
    child.on('error', (error) => finish(1, `${command}: ${error.message}\n`));
    child.on('exit', () => kill(child, 'SIGKILL'));
    child.on('close', (code) => finish(code ?? 1));
  });
}

function stop(child, timeout) {
  console.error(`Not finished after ${timeout / 1000} s; stopped.`);
  kill(child, 'SIGTERM');
  setTimeout(() => kill(child, 'SIGKILL'), 5000).unref();
}

/** Ends a command and all that it started; nothing where all are gone. */
function kill(child, signal) {
  try {
    if (windows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
