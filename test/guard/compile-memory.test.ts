import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { shapeOf } from '../../src/gateway/routebook.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import { foldPath } from '../../src/wire/fold.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // the flag above brings it

/** Bytes that remain alive after `visits` requests whose targets are as long as a head may be. */
function kept(visit: (path: string, target: string, index: number) => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 4000; index++) {
    const target = Buffer.from(`/api/a-path-of-its-own/${index}?${'x'.repeat(30_000)}`).toString();
    visit(target.slice(0, target.indexOf('?')), target, index);
  }
  collect();
  return process.memoryUsage().heapUsed - before;
}

const FEW = 8 * 1024 * 1024;

test('a path that is remembered does not keep its long query alive', () => {
  const policy = compilePolicy({});
  assert.ok(kept((path) => policy.match('GET', path, foldPath(path))) < FEW);
  assert.equal(policy.match('GET', '/api/a-path-of-its-own/1', '/api/a-path-of-its-own/1').level, 'proof');
  assert.ok(kept((path) => shapeOf(path)) < FEW);
});

test('long paths and long methods are not remembered at all', () => {
  const policy = compilePolicy({});
  assert.ok(kept((_path, target) => policy.match('GET', target, foldPath(target))) < FEW);
  assert.ok(kept((path, target) => policy.match(target, path, foldPath(path))) < FEW);
});
