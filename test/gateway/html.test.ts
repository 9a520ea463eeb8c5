import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, defaultTreeAdapter, parse, serialize } from 'parse5';
import { createHtmlScanner, encodeUnits, type Units } from '../../src/gateway/html.ts';

const TAG = '<script src="/s.js"></script>';
const MARK = '\u0001';

/** Rows: name, document with MARK where the element belongs; without MARK: nowhere. */
const PLACES: readonly { name: string; page: string; why?: string }[] = [
  { name: 'right behind <head>', page: `<!doctype html><html><head>${MARK}<title>a</title></head>` },
  { name: 'behind a head with attributes', page: `<html><head data-a="1>2" b='>' c=d e>${MARK}<meta>` },
  { name: 'behind html attributes that hold a bracket', page: `<html lang="a>b"><head>${MARK}` },
  { name: 'before the first element where there is no head', page: `<!doctype html>\n<html>\n${MARK}<title>a</title>` },
  { name: 'before the first element where there is neither', page: `<!DOCTYPE html>\n${MARK}<p>a` },
  { name: 'before text', page: `<!doctype html> ${MARK}hello` },
  { name: 'before a body', page: `<html>${MARK}<body><p>` },
  { name: 'before an end tag that opens the head', page: `<html>${MARK}</head><body>` },
  { name: 'behind end tags that are ignored', page: `<!doctype html></div></p x=">"><head>${MARK}` },
  { name: 'behind comments', page: `<!-- <head> --><!doctype html><!-- a --!><!--><!---><head>${MARK}` },
  { name: 'not inside a comment with dashes', page: `<!-- a -- b --- <head> --><head>${MARK}` },
  { name: 'behind a processing instruction', page: `<?xml version="1.0"?><html><head>${MARK}` },
  { name: 'behind a bogus comment', page: `<!foo <head ></ bar><head>${MARK}` },
  {
    name: 'behind a doctype with identifiers',
    page: `<!DOCTYPE html PUBLIC "-//W3C//DTD" "http://x"><HTML><HEAD>${MARK}`,
  },
  { name: 'before header, which only begins like head', page: `<html>${MARK}<header>a</header>` },
  { name: 'before a lone bracket', page: `<html>${MARK}< head>` },
  { name: 'before a number', page: `${MARK}<3` },
  { name: 'behind a byte order mark', page: `\u00ef\u00bb\u00bf${MARK}<p>` },
  { name: 'behind a self-closing head', page: `<html/><head/>${MARK}<title>` },
  { name: 'at the end of white space', page: `\n\n${MARK}` },
  { name: 'before NUL', page: `<html>${MARK}\0<head>` },
  { name: 'before a lone bracket at the end', page: `<html>${MARK}<` },
  { name: 'nowhere in a comment that does not end', page: `<!doctype html><!-- <head>` },
  { name: 'nowhere in a tag that does not end', page: `<html><head data-a="` },
  { name: 'nowhere in nothing', page: '' },
];

function run(chunks: readonly Buffer[], units: Units = 'bytes', onlyComplete = false): Buffer {
  const scanner = createHtmlScanner(TAG, units, { onlyComplete });
  return Buffer.concat([...chunks.flatMap((chunk) => scanner.write(chunk)), ...scanner.end()]);
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

for (const { name, page } of PLACES) {
  test(`the element goes ${name}`, () => {
    const given = page.replace(MARK, '');
    const expected = page.replace(MARK, TAG);
    assert.equal(run([bytes(given)]).toString('latin1'), expected);
    assert.equal(run([...given].map((unit) => bytes(unit))).toString('latin1'), expected, 'byte by byte');
  });
}

for (const units of ['utf-16le', 'utf-16be'] as const) {
  test(`${units} gets an element in its own units, by charset and by byte order mark`, () => {
    for (const { name, page } of PLACES.filter((row) => !row.page.startsWith('\u00ef') && row.page !== '')) {
      const given = encode16(page.replace(MARK, ''), units);
      const expected = encode16(page.replace(MARK, TAG), units);
      assert.deepEqual(run([given], units), expected, name);
      assert.deepEqual(
        run(
          [...given].map((byte) => Buffer.from([byte])),
          units,
        ),
        expected,
        name,
      );
      const mark = encode16('\ufeff', units);
      assert.deepEqual(run([mark, given]), Buffer.concat([mark, expected]), `${name}, by its mark`);
    }
  });
}

function encode16(text: string, units: Units): Buffer {
  const encoded = Buffer.from(text, 'utf16le');
  return units === 'utf-16be' ? encoded.swap16() : encoded;
}

test('a fragment is left alone where only documents are wanted, a document is not', () => {
  const fragment = '<!-- part --><li>one</li>';
  assert.equal(run([bytes(fragment)], 'bytes', true).toString(), fragment);
  assert.equal(run([bytes('<!doctype html><li>')], 'bytes', true).toString(), `<!doctype html>${TAG}<li>`);
  assert.equal(run([bytes('<html><li>')], 'bytes', true).toString(), `<html>${TAG}<li>`);
});

test('every piece leaves at once but for the bytes of a name that is not decided', () => {
  const scanner = createHtmlScanner(TAG, 'bytes');
  const left = (text: string): string => Buffer.concat(scanner.write(bytes(text))).toString();
  assert.equal(left('<!doctype html>'), '<!doctype html>');
  assert.equal(left('<!-- a long comm'), '<!-- a long comm');
  assert.equal(left('ent -->\n<html lang="e'), 'ent -->\n<html lang="e');
  assert.equal(left('n"><he'), 'n">');
  assert.equal(left('ad>'), `<head>${TAG}`);
  assert.equal(left('<title>'), '<title>');
});

/** Pieces of documents that a random page is put together from. */
const PIECES = fc.constantFrom(
  '<!doctype html>',
  '<html>',
  '<html lang="a>b">',
  '<head>',
  '<head a=b>',
  '</head>',
  '<body>',
  '<title>t</title>',
  '<!-- c -->',
  '<!-->',
  '<!--->',
  '<!-- -- -->',
  '<!--a--!>',
  '<?x?>',
  '</p>',
  '</div a=">">',
  ' ',
  '\n',
  'text',
  '<',
  '<h',
  '<3',
  '</',
  '</ x>',
  '<header>',
  '<p>',
  '>',
  '"',
  "'",
  '=',
  '-',
  '--',
  '-->',
  '!',
  '<script>1</script>',
  '<html a=',
  "<head b='>",
  '/',
  '<br>',
  '</br>',
);
const pages = fc.array(PIECES, { maxLength: 14 }).map((parts) => parts.join(''));

function cut(page: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((at) => at % (page.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => page.subarray(from, places[index] ?? page.length));
}

test('however a page is cut, the result is the page with the element at one place', () => {
  fc.assert(
    fc.property(pages, fc.array(fc.nat(400), { maxLength: 8 }), (page, cuts) => {
      const whole = run([bytes(page)]);
      assert.deepEqual(run(cut(bytes(page), cuts)), whole);
      const text = whole.toString('latin1');
      assert.ok(text === page || text.replace(TAG, '') === page);
    }),
    { numRuns: 2000 },
  );
});

test('a real parser sees the element first in the head and otherwise the same page (parse5 as oracle)', () => {
  fc.assert(
    fc.property(pages, (page) => {
      const changed = run([bytes(page)]).toString('latin1');
      if (changed === page) return;
      const before = parse(page);
      const after = parse(changed);
      const elements = headOf(after).filter((node) => 'tagName' in node);
      const first = elements[0];
      assert.ok(first !== undefined && 'tagName' in first && first.tagName === 'script', changed);
      assert.deepEqual(first.attrs, [{ name: 'src', value: '/s.js' }]);
      assert.equal(after.mode, before.mode, 'quirks mode');
      defaultTreeAdapter.detachNode(first);
      assert.equal(serialize(after), serialize(before));
    }),
    { numRuns: 2000 },
  );
});

function headOf(document: DefaultTreeAdapterTypes.Document): DefaultTreeAdapterTypes.ChildNode[] {
  const root = document.childNodes.find((node) => node.nodeName === 'html');
  const head =
    root !== undefined && 'childNodes' in root ? root.childNodes.find((node) => node.nodeName === 'head') : undefined;
  return head !== undefined && 'childNodes' in head ? head.childNodes : [];
}

test('random bytes, cut anywhere, in any units, never lose or change a byte', () => {
  const units = fc.constantFrom<Units>('bytes', 'utf-16le', 'utf-16be');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      units,
      (page, cuts, declared) => {
        const whole = run([Buffer.from(page)], declared);
        assert.deepEqual(run(cut(Buffer.from(page), cuts), declared), whole);
        const found = (['bytes', 'utf-16le', 'utf-16be'] as const).some((form) => {
          const at = whole.indexOf(encodeUnits(TAG, form));
          if (at === -1) return false;
          const rest = Buffer.concat([whole.subarray(0, at), whole.subarray(at + encodeUnits(TAG, form).length)]);
          return rest.equals(Buffer.from(page));
        });
        assert.ok(found || whole.equals(Buffer.from(page)));
      },
    ),
    { numRuns: 2000 },
  );
});
