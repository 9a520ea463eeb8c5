import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { bodyKindOf, scanOf } from '../../../src/guard/form/scan.ts';
import { viewOf } from '../../support/view.ts';

/** `_method` in bodies: what backends would read, in whatever pieces it comes. */

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=b';
const JSON_TYPE = 'application/json';
const WANTED: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

/** Methods found; null where the body cannot be told. */
function scanned(
  type: string,
  body: string | Buffer,
  cuts: readonly number[] = [],
  headers: Record<string, string> = {},
): string[] | null {
  const kind = bodyKindOf(type);
  assert.ok(kind !== null, type);
  const found = new Set<string>();
  const content = type === '' ? {} : { 'content-type': type };
  const scan = scanOf(viewOf({ method: 'POST', headers: { ...content, ...headers } }), kind, WANTED, found);
  if (scan === null) return null;
  const bytes = Buffer.from(body);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  let whole = true;
  for (const [index, place] of places.entries())
    whole = scan.write(bytes.subarray(places[index - 1] ?? 0, place)) && whole;
  return scan.end() && whole ? [...found].toSorted() : null;
}

const part = (head: string, value: string): string => `--b\r\n${head}\r\n\r\n${value}\r\n`;
const field = (name: string, value: string): string => part(`Content-Disposition: form-data; name="${name}"`, value);
const END = '--b--\r\n';

suite('P8 a form that names another method', () => {
  for (const body of [
    '_method=DELETE',
    'a=1&_method=delete&b=2',
    '_method=DELETE&_method=POST',
    '_method=POST&_method=DELETE',
    '%5Fmethod=%44ELETE',
    '%5fm%65thod=d%65l%65te',
    '+_method=DELETE',
    '%20%20_method=DELETE',
    '.method=DELETE',
    '+.method=DELETE',
    '[method=DELETE',
    '+method=DELETE',
    '%5B_method%5D=DELETE',
    '[[[_method=DELETE',
    ']_method=DELETE',
    '_method[]=DELETE',
    '_method[x]=DELETE',
    '_method%00x=DELETE',
    '_METHOD=Delete',
    '_method=+DELETE+',
    '_method=%00%0aDELETE',
    'a=1;_method=DELETE',
    'a=1;+_method=DELETE',
    'a=%&_method=DELETE',
    'a=%4&_method=DELETE',
    'a=%4%5&_method=DELETE',
    'a==&_method=DELETE',
    '&&&_method=DELETE',
    `${'x'.repeat(2_000_000)}=&_method=DELETE`,
    `a=${'%20'.repeat(700_000)}&_method=DELETE`,
    `${'+'.repeat(5000)}_method=DELETE`,
    // A body may break off anywhere: what the backend then has begins like this.
    '_method=DELETEX',
  ])
    test(`${body.slice(0, 40)} is found`, () => assert.deepEqual(scanned(FORM, body), ['DELETE']));

  test('all methods that it names are found, and each kind of body is looked through', () => {
    assert.deepEqual(scanned(FORM, '_method=PUT&_method=PATCH'), ['PATCH', 'PUT']);
    assert.deepEqual(scanned('', '_method=PUT'), ['PUT'], 'Rack takes what says no type for a form');
    assert.deepEqual(scanned(`${FORM.toUpperCase()}; CHARSET=UTF-8`, '_method=PUT'), ['PUT']);
    assert.deepEqual(scanned(MULTIPART, field('_method', 'put') + END), ['PUT']);
    assert.deepEqual(scanned(JSON_TYPE, '{"_method":"put"}'), ['PUT']);
  });

  for (const [type, body] of [
    [JSON_TYPE, '{"_method":"DELETE"}'],
    ['application/vnd.api+json', '{"a":[{"_method" :\n "delete"}]}'],
    [`${JSON_TYPE}; charset=utf-8`, '{"\\u005fm\\u0065thod":"\\u0044ELETE"}'],
    [JSON_TYPE, '{"a":"\\\\","_method":"DELETE"}'],
    [JSON_TYPE, '{"a":"\\"","_method":"DELETE"}'],
    [JSON_TYPE, '\ufeff{"_method":"POST","_method":"DELETE"}'],
    [MULTIPART, field('_method', 'DELETE') + END],
    [MULTIPART, field('a', '1') + field('_METHOD', 'delete') + END],
    [MULTIPART, field('.method', 'DELETE') + END],
    [MULTIPART, field('%5Fmethod', 'DELETE') + END],
    [MULTIPART, field('_method[]', 'DELETE') + END],
    [MULTIPART, `${part('content-disposition:form-data;NAME=_method', 'DELETE')}${END}`],
    [MULTIPART, `${part('Content-Disposition: form-data; filename="a"; name="_method"', 'DELETE')}${END}`],
    [MULTIPART, `${part('Content-Type: text/plain\r\nContent-Disposition: form-data; name=_method', 'DELETE')}${END}`],
    ['Multipart/Form-Data; boundary="b"', field('_method', 'DELETE') + END],
    ['multipart/form-data; charset=utf-8; boundary=b', field('_method', 'DELETE') + END],
    [MULTIPART, field('a', 'x'.repeat(2_000_000)) + field('_method', 'DELETE') + END],
  ] as const)
    test(`${type}: ${JSON.stringify(body.slice(0, 90))} is found`, () =>
      assert.deepEqual(scanned(type, body), ['DELETE']));

  test('honest: other fields, other values and text that speaks of it name nothing', () => {
    for (const body of [
      'method=DELETE',
      '__method=DELETE',
      'x_method=DELETE',
      '_methods=DELETE',
      '_method_=DELETE',
      'payment[method]=DELETE',
      'text=_method%3DDELETE',
      'text=%26_method%3DDELETE',
      'text=%3B_method%3DDELETE',
      'text=_method=DELETE',
      '_method=POST',
      '_method=',
      '_method',
      '_method=UNDELETE',
      '_method=x%20DELETE',
      '',
    ])
      assert.deepEqual(scanned(FORM, body), [], body);
    for (const body of [
      '{"text":"\\"_method\\":\\"DELETE\\""}',
      '{"text":"_method","b":"DELETE"}',
      '["_method","DELETE"]',
      '{"_method":null,"a":"DELETE"}',
      '{"_method":{"a":"DELETE"}}',
      '{"method":"DELETE"}',
      '"_method"',
    ])
      assert.deepEqual(scanned(JSON_TYPE, body), [], body);
    for (const body of [
      field('text', '_method=DELETE'),
      field('text', 'Content-Disposition: form-data; name="_method"\r\n\r\nDELETE'),
      field('text', '\r\n-b\r\n-- b\r\n\r\n'),
      field('text', ''),
      part('Content-Disposition: form-data; name="file"; filename="_method"\r\nContent-Type: text/plain', 'DELETE'),
      part('Content-Disposition: form-data; name="file"; filename="C:\\a; b.txt"', 'DELETE'),
      part('Content-Disposition: form-data; name="file"; filename="a"; filename*=UTF-8\'\'%c3%a9', 'DELETE'),
      part('Content-Disposition: form-data; name="f"; filename=""\r\nContent-Type: application/octet-stream', ''),
    ])
      assert.deepEqual(scanned(MULTIPART, body + END), [], body);
  });
});

suite('P8 a body of which nobody can tell what it names', () => {
  for (const [why, type, body, headers] of [
    ['compressed', FORM, '', { 'content-encoding': 'gzip' }],
    ['compressed', JSON_TYPE, '{}', { 'content-encoding': 'br' }],
    ['in UTF-16', `${FORM}; charset=utf-16`, 'a=1'],
    ['in UTF-7', `${JSON_TYPE}; charset=utf-7`, '{}'],
    ['in EBCDIC', `${FORM}; charset="IBM037"`, 'a=1'],
    ['in a coding that another parameter names', `${FORM}; charset*=utf-16''`, 'a=1'],
    ['in UTF-16 without saying so', JSON_TYPE, Buffer.from('{"_method":"DELETE"}', 'utf16le')],
    ['of two types', `${JSON_TYPE}, ${FORM}`, '{}'],
    ['of a kind that Rack reads as a form', 'multipart/mixed; boundary=b', field('a', '1') + END],
    ['without a boundary', 'multipart/form-data', field('a', '1') + END],
    ['with two boundaries', 'multipart/form-data; boundary=c; boundary=b', field('a', '1') + END],
    [
      'with a boundary in a parameter of another name',
      'multipart/form-data; xboundary=c; boundary=b',
      field('a', '1') + END,
    ],
    ['with a boundary that parsers cut', 'multipart/form-data; boundary="b,c"', field('a', '1') + END],
    ['with text before the first part', MULTIPART, `x\r\n${field('a', '1')}${END}`],
    ['with an empty line before the first part', MULTIPART, `\r\n${field('a', '1')}${END}`],
    ['with text behind the last part', MULTIPART, `${field('a', '1')}${END}--b\r\n`],
    ['broken off', MULTIPART, field('a', '1')],
    ['broken off in a head', MULTIPART, `${field('a', '1')}--b\r\nContent-`],
    ['without any part', MULTIPART, ''],
    ['with bare line feeds', MULTIPART, (field('a', '1') + END).replaceAll('\r', '')],
    [
      'with a delimiter behind a bare line feed',
      MULTIPART,
      field('a', `1\n--b\nContent-Disposition: form-data; name="_method"\n\nDELETE`) + END,
    ],
    ['with a delimiter that goes on', MULTIPART, field('a', '1\r\n--bc') + END],
    ['with a delimiter and spaces', MULTIPART, field('a', '1\r\n--b \r\n') + END],
    ['with a part that has no head', MULTIPART, `--b\r\n\r\nx\r\n${END}`],
    ['with a part that has no name', MULTIPART, part('Content-Disposition: form-data', '1') + END],
    ['with a part that another field names', MULTIPART, part('Content-ID: _method', 'DELETE') + END],
    [
      'with two dispositions',
      MULTIPART,
      part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="_method"', 'DELETE') +
        END,
    ],
    ['with two names', MULTIPART, part('Content-Disposition: form-data; name="a"; name="_method"', 'DELETE') + END],
    ['with an extended name', MULTIPART, part("Content-Disposition: form-data; name*=UTF-8''_method", 'DELETE') + END],
    [
      'with a continued name',
      MULTIPART,
      part('Content-Disposition: form-data; name*0="_met"; name*1="hod"', 'DELETE') + END,
    ],
    ['with a name in single quotes', MULTIPART, part("Content-Disposition: form-data; name='_method'", 'DELETE') + END],
    ['with an escape in a name', MULTIPART, field('_\\method', 'DELETE') + END],
    ['with an encoded word', MULTIPART, field('=?utf-8?B?X21ldGhvZA==?=', 'DELETE') + END],
    [
      'with a name behind an escaped quote',
      MULTIPART,
      part('Content-Disposition: form-data; name="x"; filename="a\\"; name=_method; y="b"', 'DELETE') + END,
    ],
    [
      'with a name inside another value',
      MULTIPART,
      part('Content-Disposition: form-data; name="x"; filename="a; name=_method"', 'DELETE') + END,
    ],
    ['with a folded head', MULTIPART, part('Content-Disposition: form-data;\r\n name="_method"', 'DELETE') + END],
    [
      'with a field that is none of a form',
      MULTIPART,
      part('X-A: Content-Disposition: a; name="_method"\r\nContent-Disposition: form-data; name="a"', 'DELETE') + END,
    ],
    ['with a space before a colon', MULTIPART, part('Content-Disposition : form-data; name="_method"', 'DELETE') + END],
    [
      'with a part in a transfer coding',
      MULTIPART,
      part('Content-Disposition: form-data; name="_method"\r\nContent-Transfer-Encoding: base64', 'REVMRVRF') + END,
    ],
    [
      'with a method in UTF-16',
      MULTIPART,
      part(
        'Content-Disposition: form-data; name="_method"\r\nContent-Type: text/plain; charset=utf-16le',
        'D\0E\0L\0E\0T\0E\0',
      ) + END,
    ],
    [
      'with parts in a part',
      MULTIPART,
      part(
        'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=c',
        '--c\r\n\r\n--c--',
      ) + END,
    ],
    ['with a head without an end', MULTIPART, `--b\r\n${'x'.repeat(20_000)}`],
  ] as readonly (readonly [string, string, string | Buffer, Record<string, string>?])[])
    test(`${why}: ${type}`, () => {
      assert.equal(scanned(type, body, [], headers ?? {}), null);
      assert.equal(scanned(type, body, [3, 7, 20], headers ?? {}), null);
    });

  test('a type that came twice', () => {
    const view = viewOf({ method: 'POST', headers: { 'content-type': FORM } });
    assert.equal(scanOf({ ...view, repeated: ['content-type'] }, 'urlencoded', WANTED, new Set()), null);
  });
});

/** Texts in which everything that matters comes often. */
const piece = fc.constantFrom(
  ...[
    '_method',
    'DELETE',
    'put',
    'a',
    '=',
    '&',
    ';',
    '%',
    '%5f',
    '%5',
    '+',
    '[',
    ']',
    '"',
    '\\',
    '\\u005f',
    ':',
    ',',
    '{',
    '}',
  ],
  ...[
    '--b',
    '--b--',
    '--bc',
    '\r\n',
    '\r',
    '\n',
    '--',
    '\0',
    'Content-Disposition: form-data; name="_method"\r\n\r\n',
    'é',
  ],
);
const cuts = fc.array(fc.nat(5000), { maxLength: 12 });

suite('however a body is cut into pieces', () => {
  for (const type of [FORM, JSON_TYPE, MULTIPART])
    test(`${type}: the same is found`, () => {
      const start =
        type === MULTIPART
          ? fc.constantFrom('', '--b\r\n', field('a', '1'), field('_method', 'DELETE'))
          : fc.constant('');
      const body = fc.tuple(start, fc.array(piece, { maxLength: 30 }), fc.constantFrom('', END));
      fc.assert(
        fc.property(body, cuts, ([first, middle, last], places) => {
          const text = [first, ...middle, last].join('');
          assert.deepEqual(scanned(type, text, places), scanned(type, text));
          const each = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
          assert.deepEqual(scanned(type, text, each), scanned(type, text));
        }),
        { numRuns: 300 },
      );
    });
});

suite('beside a parser of the platform', () => {
  const values = fc.constantFrom('DELETE', 'put', 'x', '', 'text\r\nwith lines', '_method=DELETE', 'é');
  const names = fc.constantFrom('_method', 'a', '_METHOD', 'a"b', 'é', 'method', '_method[]');
  const asked = (entries: readonly (readonly [string, string])[]): string[] =>
    entries.flatMap(([name, value]) => {
      const method = value.trim().toUpperCase();
      return /^_method(\[\])?$/i.test(name) && WANTED.has(method) ? [method] : [];
    });
  const unique = (found: readonly string[]): string[] => [...new Set(found)].toSorted();

  test('urlencoded: whatever it reads is found', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const body = pieces.join('');
        const found = scanned(FORM, body) ?? [];
        for (const method of asked([...new URLSearchParams(body)])) assert.ok(found.includes(method), body);
      }),
      { numRuns: 2000 },
    );
  });

  test('honest: forms as a browser would write them are read, and nothing else is found in them', async () => {
    const form = fc.array(fc.tuple(names, values, fc.boolean()), { maxLength: 6, minLength: 1 });
    await fc.assert(
      fc.asyncProperty(form, cuts, async (entries, places) => {
        const data = new FormData();
        for (const [name, value, file] of entries)
          if (file && !/_method/i.test(name)) data.append(name, new Blob([value]), 'é"; x.txt');
          else data.append(name, value);
        const written = new Response(data);
        const type = written.headers.get('content-type') ?? '';
        const body = Buffer.from(await written.arrayBuffer());
        const texts = [...data].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
        assert.deepEqual(scanned(type, body, places), unique(asked(texts)));
        const text = new URLSearchParams(texts.map(([name, value]): [string, string] => [name, value]));
        assert.deepEqual(scanned(FORM, text.toString(), places), unique(asked(texts)));
      }),
      { numRuns: 300 },
    );
  });

  test('multipart: whatever it reads of an altered form is found, or the form is not taken', async () => {
    const edit = fc.tuple(fc.nat(400), fc.nat(12), piece);
    const parts = field('a', '1') + field('_method', 'DELETE') + field('c', '2') + END;
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 3 }), async (edits) => {
        let body = parts;
        for (const [at, cut, put] of edits) body = body.slice(0, at) + put + body.slice(at + cut);
        const found = scanned(MULTIPART, body);
        if (found === null) return;
        const answer = new Response(body, { headers: { 'content-type': MULTIPART } });
        const data = await answer.formData().catch(() => null);
        if (data === null) return;
        read += 1;
        const texts = [...data].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
        for (const method of asked(texts)) assert.ok(found.includes(method), JSON.stringify(body));
      }),
      { numRuns: 1500 },
    );
    assert.ok(read > 100, `the parser took ${read}`);
  });
});
