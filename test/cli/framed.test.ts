import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFrameBook } from '../../src/gateway/frames.ts';
import { at, backend, desk } from './support.ts';

const FRAMED = {
  accept: 'text/html',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'iframe',
};

test('P3.2 pages that other sites frame are named with their line of configuration, before the switch and after', async (t) => {
  const { url } = await backend(t);
  const place = desk(t, { CHROME_PATH: '/nowhere' });
  const { report } = await place.gate('--to', url, '--listen', '0', '--log', 'silent');
  const ask = (headers: Record<string, string>) => fetch(`${report.url}/`, { headers });
  await ask({ ...FRAMED, 'sec-fetch-dest': 'document' });
  await ask({ ...FRAMED, 'sec-fetch-site': 'same-origin' });
  assert.deepEqual(at((await place.json('status')).value, 'framed'), []);
  assert.equal((await ask(FRAMED)).headers.get('x-frame-options'), null);
  await ask({ ...FRAMED, 'sec-fetch-site': 'same-site' });
  assert.deepEqual(at((await place.json('status')).value, 'framed'), [{ path: '/', requests: 2 }]);
  for (const command of ['status', 'enforce']) {
    const { out } = await place.run(command);
    assert.match(out, /Shown in frames by other sites\n {2}\/ {2}2 times\n/, command);
    assert.match(out, /securityHeaders: 'frameable',/, command);
  }
});

test('where frames are left alone there is nothing to say', async (t) => {
  const { url } = await backend(t);
  const place = desk(t);
  place.write('sallyport.config.json', '{ "securityHeaders": "frameable" }');
  const { report } = await place.gate('--to', url, '--listen', '0', '--log', 'silent');
  await fetch(`${report.url}/`, { headers: FRAMED });
  assert.deepEqual(at((await place.json('status')).value, 'framed'), []);
});

test('the book of framed pages is bounded', () => {
  const book = createFrameBook();
  // Platform edge: of a request, only the path is read here.
  const framed = (path: string) => book.add({ path } as Parameters<typeof book.add>[0]);
  for (let index = 0; index < 500; index += 1) framed(`/${'page'.repeat(index)}`);
  assert.ok(book.list().length <= 65);
  assert.equal(
    book.list().reduce((sum, { requests }) => sum + requests, 0),
    500,
  );
});
