import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODES } from '../../src/wire/codes.ts';
import * as constants from '../../src/wire/constants.ts';
import { ENTRY_REQUEST_BYTES } from '../../src/wire/entry.ts';

const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

test('P9.1 the table of codes is the one in the code', () => {
  const printed = [
    ...document.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (yes|no) \| ([a-z-]+) \| (.+?) \| (.+?) \|$/gm),
  ].map(([, code, status, retryable, remedy, title, detail]) => ({ code, status, retryable, remedy, title, detail }));
  const known = Object.entries(CODES).map(([code, row]) => ({
    code,
    status: `${row.status}`,
    retryable: row.retryable ? 'yes' : 'no',
    remedy: row.remedy,
    title: row.title,
    detail: row.detail,
  }));
  assert.deepEqual(printed, known);
});

test('the constants are the ones in the code', () => {
  const row = (what: string): string =>
    document.split('\n').find((line) => line.startsWith(`| ${what} | `)) ?? assert.fail(`no row: ${what}`);
  const rows: readonly (readonly [what: string, ...values: readonly (string | number)[]])[] = [
    ['protocol name, first in every derivation', constants.PROTOCOL],
    ['mount: where the gate answers itself', constants.DEFAULT_MOUNT],
    ['stamp cookie', constants.STAMP_COOKIE],
    ['session cookie', constants.SESSION_COOKIE],
    ['label in Signature-Input and Signature', constants.LABEL],
    ['tag of an ordinary proof', constants.TAG],
    ['tags of the `sync` key', constants.TAG_BEACON, constants.TAG_SYNC, constants.TAG_URL],
    ['tag of a signature by an API key', constants.TAG_KEY],
    ['characters of its nonce', constants.KEY_NONCE_LENGTH.least, constants.KEY_NONCE_LENGTH.most],
    ['query parameter of a proof in an address', constants.PROOF_PARAMETER],
    ['ticket lives', constants.TICKET_SECONDS],
    ['the client enters again after', constants.TICKET_RENEW_SECONDS],
    ["`created` may differ from the server's clock by", constants.CREATED_SECONDS, constants.SKEW_SECONDS],
    ['stamp lives', constants.STAMP_SECONDS],
    ['entries under one stamp', constants.STAMP_ENTRIES],
    ['session: idle, at most', constants.SESSION_IDLE_SECONDS, constants.SESSION_MAX_SECONDS],
    ['window of counters', constants.WINDOW_SIZE],
    ['body digested whole up to', constants.WHOLE_DIGEST_BYTES],
    ['slice of larger bodies', constants.DIGEST_SLICE_BYTES],
    ['entry request at most', ENTRY_REQUEST_BYTES],
  ];
  for (const [what, ...values] of rows) {
    const numbersAndNames =
      row(what)
        .split(' | ')[1]
        ?.match(/`[^`]+`|\d+/g) ?? [];
    const printed = numbersAndNames.map((text) => text.replaceAll('`', ''));
    assert.deepEqual(printed, values.map(String), what);
  }
});

test('every section that the code names exists', () => {
  const sections = new Set(
    [...document.matchAll(/^(?:## (\d+)\.|(\d+\.\d+) )/gm)].map(([, major, minor]) => major ?? minor),
  );
  const source = new URL('../../src/', import.meta.url);
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const named = files.flatMap((file) =>
    [...readFileSync(new URL(file, source), 'utf8').matchAll(/protocol\.md,? §(\d+(?:\.\d+)?)/g)].map(
      ([, section]) => ({ file, section }),
    ),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(({ section }) => !sections.has(section)),
    [],
  );
});
