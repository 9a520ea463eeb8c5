import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A schema or document in a file that cannot be used: what is wrong, and in which line where that is known. */
export class FileTrouble extends Error {}

const LARGEST = 16 * 1024 * 1024;

/**
 * Reads JSON, or YAML by its name. Nothing is fetched: it is a file of this machine.
 *
 * @throws FileTrouble
 */
export function readStructured(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new FileTrouble(`this file cannot be read (${why})`);
  }
  if (text.length > LARGEST) throw new FileTrouble('this file is larger than 16 MiB');
  return /\.ya?ml$/i.test(file) ? readYaml(text) : readJson(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    const [, position] = /position (\d+)/.exec(said) ?? [];
    const line = position === undefined ? text.split('\n').length : text.slice(0, Number(position)).split('\n').length;
    throw new FileTrouble(`line ${line}: this is not JSON`);
  }
}

function readYaml(text: string): unknown {
  const { parseDocument }: typeof import('yaml') = createRequire(import.meta.url)('yaml');
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const [line = ''] = error.message.split('\n');
    throw new FileTrouble(`line ${error.linePos?.[0].line ?? 1}: ${line.replace(/ at line \d+, column \d+:?$/, '')}`);
  }
  try {
    return document.toJS();
  } catch {
    throw new FileTrouble('its aliases name too much, or each other');
  }
}
