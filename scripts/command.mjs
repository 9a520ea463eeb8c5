import { spawn } from 'node:child_process';
import { root } from './install.mjs';

/**
 * Runs one command and passes its output on. Resolves to its exit code and everything it wrote. A command that a
 * signal ended, or that did not end within `timeout` milliseconds, has code 1.
 */
export function run(command, args, { timeout = 0, quiet = false, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const keep = (stream) => (chunk) => {
      chunks.push(chunk);
      if (!quiet) stream.write(chunk);
    };
    child.stdout.on('data', keep(process.stdout));
    child.stderr.on('data', keep(process.stderr));
    const timer = timeout > 0 ? setTimeout(() => stop(child, timeout), timeout) : undefined;
    const finish = (code, note = '') => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') + note });
    };
    child.on('error', (error) => finish(1, `${command}: ${error.message}\n`));
    child.on('close', (code) => finish(code ?? 1));
  });
}

function stop(child, timeout) {
  console.error(`Not finished after ${timeout / 1000} s; stopped.`);
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), 5000).unref();
}
