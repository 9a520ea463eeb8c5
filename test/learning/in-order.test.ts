import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createInOrder } from '../../src/learning/in-order.ts';

describe('lines of several workers', () => {
  const create = () => createInOrder(Number);

  test('come out in the order of their times, whichever was told first', () => {
    const order = create();
    assert.deepEqual(order.add(['1000', '4000', '2000', '3000'], 4500), ['1000', '2000']);
    assert.deepEqual(order.add(['2600', '9000'], 9000), ['2600', '3000', '4000']);
    assert.deepEqual(order.end(), ['9000']);
    assert.deepEqual(order.end(), []);
  });

  test('wait for a worker that is behind', () => {
    const order = create();
    assert.deepEqual(order.add(['10000', '20000'], 5000), [], 'another one has told nothing after 5000');
    assert.deepEqual(order.add(['6000'], 30000), ['6000', '10000', '20000']);
  });

  test('do not wait in any number', () => {
    const order = create();
    const many = Array.from({ length: 100_010 }, (_, index) => String(100_010 - index));
    const out = order.add(many, 0);
    assert.deepEqual(out, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    assert.equal(order.end().length, 100_000);
  });
});
