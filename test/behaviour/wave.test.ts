import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wave } from '../../src/behaviour/teaching.ts';
import type { MadeSession } from './app/people.ts';
import { play } from './app/play.ts';
import { createSchool } from './app/school.ts';

/** Whoever makes a wave on purpose is not refused, nor is anybody else: what it takes (docs/behaviour.md). */

/** Sessions of people, each from a network of its own. */
function people(wave: Wave, count: number, from: number): void {
  for (let network = from; network < from + count; network++) wave.judged(network, false);
}

/** So many sessions of each of so many networks, all of them unusual, among a hundred of people, again and again. */
function farmed(networks: number, each: number): boolean {
  const wave = new Wave();
  for (let round = 0; round < 20; round++) {
    people(wave, 100, 1000 * (round + 1));
    for (let session = 0; session < each; session++)
      for (let network = 1; network <= networks; network++) wave.judged(network, true);
    if (wave.isWave) return true;
  }
  return false;
}

describe('a wave on purpose', () => {
  test('one network makes none, however many sessions it opens among few of people', () => {
    assert.equal(farmed(1, 5000), false);
    assert.equal(farmed(1, 3), false);
  });

  test('nor by sessions that begin as others and turn', () => {
    const wave = new Wave();
    people(wave, 100, 1000);
    const counted = Array.from({ length: 400 }, () => wave.judged(1, false)).filter((counts) => counts);
    assert.ok(counted.length <= 6, `${counted.length}`);
    for (const _ of counted) wave.turned();
    assert.equal(wave.isWave, false);
  });

  test('four networks make none, and twenty do: that is what it costs', () => {
    assert.equal(farmed(4, 5000), false);
    assert.equal(farmed(20, 3), true);
  });

  test('nor does a farm of one network that uses the app as people do first: its sessions are unusual, and no more', () => {
    const school = createSchool({ sessions: 500 });
    school.teach(Array.from({ length: 900 }, () => school.visit(school.person())));
    const honest = Array.from({ length: 100 }, () => school.visit(school.person()));
    play(school.book, honest);
    const farm = Array.from({ length: 100 }, () => school.visit(school.person(), 'one network'));
    play(school.book, farm);
    // The same pages go on as programs do.
    const later = ({ calls, ...made }: MadeSession): MadeSession => ({
      ...made,
      calls: calls.map((call) => ({ ...call, at: call.at + 1800 })),
    });
    const turned = farm.map((visit) => ({ ...visit, made: later(school.program('counter')) }));
    const seen = play(school.book, turned, [100]);
    assert.ok(seen.filter(({ odds }) => odds >= 100).length > 50, 'they look unusual');
    assert.equal(school.book.isWave, false);
  });
});
