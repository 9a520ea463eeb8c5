import { existsSync, readFileSync } from 'node:fs';
import { SallyportError } from '../guard/errors.ts';
import { createTestKey, createTestPass } from '../testing/pass.ts';
import { EXIT, type Io, present } from './command.ts';

export interface TestPassFlags {
  /** Seconds. */
  ttl?: number;
  authority?: string;
  newKey?: boolean;
}

const NAME = 'SALLYPORT_TEST_KEY';

/** `sallyport keys test-pass`: a pass on standard output, or with `--new-key` a pair of keys to sign passes by. */
export function testPass({ ttl, authority, newKey }: TestPassFlags, io: Io): number {
  if (newKey === true) {
    present(io, createTestKey(), formatKey);
    return EXIT.ok;
  }
  const given = process.env[NAME] ?? '';
  if (given === '') {
    const how = '`sallyport keys test-pass --new-key` makes a pair';
    throw new SallyportError('usage', `environment: ${NAME} is nothing; put the tests' private key there (${how})`);
  }
  try {
    const key = existsSync(given) ? readFileSync(given, 'utf8') : given.replaceAll(String.raw`\n`, '\n');
    const life = ttl === undefined ? {} : { life: ttl };
    const pass = createTestPass({ key, ...life, ...(authority === undefined ? {} : { authority }) });
    present(io, { pass }, (made) => made.pass);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RangeError) throw new SallyportError('usage', `command line: --ttl: ${error.message}`);
    throw new SallyportError('usage', `environment: ${NAME} is not an Ed25519 private key in PEM, nor a file with one`);
  }
}

function formatKey({ privateKey, publicKey }: ReturnType<typeof createTestKey>): string {
  return [
    `For the tests, in the environment as ${NAME}, and nowhere near production:`,
    privateKey.trim(),
    'For the configuration of the gate that they run against, and of no other:',
    `  testPasses: { publicKey: ${JSON.stringify(publicKey)} },`,
  ].join('\n\n');
}
