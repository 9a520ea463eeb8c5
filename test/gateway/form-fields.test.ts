import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { createFormFields } from '../../src/gateway/form-fields.ts';

const PAGE = 'https://app.example/contact?x=1';
const FIELD = '<input type="hidden" name="_csrf" value="t">';

function insert(html: string, sizes: readonly number[] = [html.length]): string {
  const fields = createFormFields(FIELD, PAGE);
  const bytes = Buffer.from(html, 'latin1');
  const out: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    out.push(...fields.write(bytes.subarray(at, at + size)));
    at += size;
  }
  out.push(...fields.end());
  return Buffer.concat(out).toString('latin1');
}

const GETS_ONE: readonly [string, string][] = [
  ['a form that posts to its page', '<form method="post"></form>'],
  ['in any case', '<FORM METHOD=Post></FORM>'],
  ['to a path', "<form action='/send' method=post><input name=a></form>"],
  ['to an address of this origin', '<form method=post action="https://app.example/send"></form>'],
  ['with a query, ampersands as they come', '<form method=post action="/a?b=1&copy=2&amp;c"></form>'],
  ['an empty action', '<form action="" method="post"></form>'],
  ['with a button that stays here', '<form method=post><button formaction="/other" formmethod=post>x</button></form>'],
  [
    'behind text that speaks of forms',
    '<script>"</form><form>"</script><!-- <form method=get> --><form method=post></form>',
  ],
  ['behind an old script', '<script><!--\nx()\n//--></script><form method=post></form>'],
  ['in noscript', '<noscript><form method=post></form></noscript>'],
  ['with a > in an attribute', '<form data-x="a>b" method=post></form>'],
  [
    'behind a base, with an address of its own',
    '<base href="https://evil.example/"><form method=post action="https://app.example/"></form>',
  ],
];

const GETS_NONE: readonly [string, string][] = [
  ['a form that asks by GET', '<form></form><form method=get action=/search></form><form method=dialog></form>'],
  ['to another origin', '<form method=post action="https://evil.example/"></form>'],
  ['to another origin, without a scheme', '<form method=post action="//evil.example/"></form>'],
  ['to another origin, backslashes', '<form method=post action="\\\\evil.example/"></form>'],
  ['to another origin, tabs and line ends in it', '<form method=post action="/\t/evil.example\n/"></form>'],
  ['to another origin, spelt in references', '<form method=post action="&sol;&#47;evil.example/"></form>'],
  ['to another scheme of this host', '<form method=post action="http://app.example/"></form>'],
  [
    'to no address',
    '<form method=post action="javascript:alert(1)"></form><form method=post action="http://["></form>',
  ],
  ['by the first of two actions', '<form method=post action="https://evil.example/" action="/"></form>'],
  ['by the first of two methods', '<form method=get method=post></form>'],
  ['to wherever a base leads', '<base href="https://evil.example/"><form method=post action="send"></form>'],
  ['with a button that leads elsewhere', '<form method=post><button formaction="//evil.example/">x</button></form>'],
  ['with an input that leads elsewhere', '<form method=post><input type=image formaction="//evil.example/"></form>'],
  ['with a button that makes it a GET', '<form method=post><input type=submit formmethod=GET></form>'],
  ['without an end', '<form method=post>'],
  ['in a comment', '<!-- <form method=post></form> -->'],
  ['in a script', '<script>"<form method=post></form>"</script>'],
  ['in a doubly escaped script', '<script><!--<script></script><form method=post></form>--></script>'],
  ['in text', '<textarea><form method=post></form></textarea><title><form method=post></form></title>'],
  ['in a template', '<template><form method=post></form></template>'],
  ['in a template within a form, nor that form there', '<form method=post><template><form></form></template>'],
  ['behind plain text', '<plaintext><form method=post></form>'],
  ['inside a form that leads elsewhere', '<form method=post action="//evil.example/"><form method=post></form>'],
];

suite('which forms get a field', () => {
  for (const [name, html] of GETS_ONE) {
    test(name, () => {
      assert.equal(insert(html), html.replace(/(<\/form>)(?!.*<\/form>)/is, `${FIELD}$1`));
      assert.equal(insert(html, [1]), insert(html));
    });
  }
  for (const [name, html] of GETS_NONE) {
    test(`not ${name}`, () => {
      assert.equal(insert(html), html);
      assert.equal(insert(html, [1]), html);
    });
  }

  test('each form of a page its own', () => {
    const html = '<form method=post>a</form><form method=get>b</form><form method=post>c</form>';
    assert.equal(insert(html).split(FIELD).length, 3);
  });

  test('what has no tag under way leaves at once', () => {
    const fields = createFormFields(FIELD, PAGE);
    assert.equal(Buffer.concat(fields.write(Buffer.from('<p>one two'))).toString(), '<p>one two');
    assert.equal(Buffer.concat(fields.write(Buffer.from(' three <b'))).toString(), ' three ');
  });

  test('a tag without end is not held for ever', () => {
    const html = `<form method=post><p x="${'a'.repeat(40_000)}`;
    const fields = createFormFields(FIELD, PAGE);
    assert.equal(Buffer.concat(fields.write(Buffer.from(html))).toString(), html);
  });
});

const PIECES = [
  ...[
    '<form method=post>',
    '<form method="post" action="/a">',
    '<form method=post action="//evil.example/">',
    '<form>',
  ],
  ...['</form>', '<!--', '-->', '<script>', '</script>', '<textarea>', '</textarea>', '<base href="//evil.example/">'],
  ...[
    '<button formaction="//evil.example">',
    '<button formmethod=get>',
    '<p class="',
    '">',
    'text',
    '<',
    '<title>',
    '</title>',
  ],
  ...[
    '<table>',
    '<tr>',
    '</table>',
    '<div',
    '/>',
    "'",
    '<!doctype html>',
    '<template>',
    '</template>',
    '<noscript>',
    '</noscript>',
  ],
];
const pages = pagesOf(PIECES);
/** In tables a field belongs to the form that the parser has open, and not to the one that it stands in: no tree tells. */
const withoutTables = pagesOf(PIECES.filter((piece) => !/^<\/?t(?:able|r)>/.test(piece)));

function pagesOf(pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join(''));
}

test('property: nothing but the field is added, wherever the pieces part', () => {
  fc.assert(
    fc.property(pages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (html, sizes) => {
      const whole = insert(html);
      assert.equal(whole.replaceAll(FIELD, ''), html);
      assert.equal(insert(html, sizes), whole);
    }),
    { numRuns: 2000 },
  );
});

test('property: whatever a browser makes of the page, no field lies in a form that leads elsewhere', () => {
  fc.assert(
    fc.property(withoutTables, (html) => {
      for (const form of formsWithField(insert(html))) {
        const { method = '', action = '' } = form;
        assert.equal(method.toLowerCase(), 'post', html);
        assert.ok(!action.includes('evil'), html);
      }
    }),
    { numRuns: 5000 },
  );
});

/** Attributes of the forms that hold a field of ours, as a browser parses the page. */
function formsWithField(html: string): Record<string, string>[] {
  const found: Record<string, string>[] = [];
  const visit = (node: DefaultTreeAdapterTypes.Node, form: Record<string, string> | null): void => {
    let inside = form;
    if ('tagName' in node) {
      const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
      if (node.tagName === 'form') inside = attributes;
      if (node.tagName === 'input' && attributes['name'] === '_csrf' && inside !== null) found.push(inside);
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child, inside);
    if ('content' in node) visit(node.content, inside);
  };
  visit(parse(html, { scriptingEnabled: false }), null);
  return found;
}
