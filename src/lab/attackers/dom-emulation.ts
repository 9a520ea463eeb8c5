import { fork } from 'node:child_process';
import { type AnswerKind, kindOf } from '../answer.ts';
import { plainCalls } from '../attempts.ts';
import { addSpend, perCall } from '../cost.ts';
import type { DomOrder, DomResult } from '../dom-child.ts';
import { createJar } from '../jar.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { findPackage } from '../optional.ts';
import type { PageAnswer } from '../page-calls.ts';
import type { Tally } from '../tally.ts';

const CALLS = 50;

/** The page's own script, run by an imitation of a browser instead of a browser. */
export const domEmulation: Attacker = {
  name: 'dom',
  group: 'doors',
  title: 'page run by happy-dom',
  how: 'happy-dom, in a process of its own and with the patches that an attacker would make, runs the page’s scripts; calls are made by its window.fetch.',
  steps: [
    'a program that runs the page in happy-dom',
    'patches for what the page’s script asks of a browser and happy-dom has not, at each release',
  ],
  possible: 'A program that runs the page in an imitation of a browser gets in',
  run: (lab, tally) => runPage(lab, tally, 'happy-dom'),
};

/** The same in the imitation that most people have: it brings no fetch and no keys, so these are Node's. */
export const jsdomEmulation: Attacker = {
  name: 'jsdom',
  group: 'doors',
  title: 'page run by jsdom',
  how: 'jsdom, in a process of its own, runs the page’s scripts with the fetch and the cryptography of Node, which it lacks; calls are made by its window.fetch.',
  steps: [
    'a program that runs the page in jsdom',
    'fetch, keys and streams, which jsdom has not',
    'patches for whatever else the page’s script asks of a browser, at each release',
  ],
  possible: 'A program that runs the page in jsdom gets in',
  run: (lab, tally) => runPage(lab, tally, 'jsdom'),
};

async function runPage(lab: Lab, tally: Tally, imitation: DomOrder['imitation']): Promise<void> {
  const library = findPackage(imitation);
  const { target } = lab;
  const result = await inChild({
    imitation,
    library,
    page: target.origin + lab.page,
    navigation: NAVIGATION,
    cookies: await stampOf(lab),
    address: target.origin + target.path + target.query,
    method: lab.method,
    calls: Math.min(CALLS, lab.calls),
    seconds: Math.max(1, (lab.until - lab.now()) / 1000 - 1),
  });
  if (result.failed !== '') throw new NotRun(result.failed);
  tally.setup(result.setup);
  for (const answer of result.first) tally.add(kindIn(answer));
  const mark = tally.mark();
  for (const { answers, spend } of result.stretches) {
    const from = tally.mark();
    for (const answer of answers) tally.add(kindIn(answer));
    tally.spent(spend, from);
  }
  const admitted = tally.admitted - mark.admitted;
  const whole = result.stretches.map(({ spend }) => spend).reduce(addSpend, { cpu: 0, wall: 0 });
  if (admitted === 0) tally.note('it did not bring the page’s script to a signed call; a better imitation may');
  else tally.pair({ call: perCall(whole, admitted), plain: await plainCalls(lab, tally, lab.sender(), admitted) });
}

const kindIn = (answer: PageAnswer): AnswerKind => kindOf({ ...answer, body: Buffer.from(answer.body) });

const NAVIGATION = {
  Accept: 'text/html',
  'Sec-Fetch-Site': 'none',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
};

/** The cookies of a page load, which an imitation would drop. */
async function stampOf(lab: Lab): Promise<string> {
  const jar = createJar();
  const fields = ['Host', lab.target.authority, ...Object.entries(NAVIGATION).flat()];
  jar.take((await lab.sender().send({ method: 'GET', target: lab.page, fields, body: null })).fields);
  return jar.value();
}

function inChild(order: DomOrder): Promise<DomResult> {
  const failed = (why: string): DomResult => ({
    failed: why,
    first: [],
    setup: { cpu: 0, wall: 0 },
    stretches: [],
  });
  return new Promise((resolve) => {
    // In the checkout this file is TypeScript, in the package it is not; its neighbour is of the same kind.
    const file = new URL(import.meta.url.endsWith('.ts') ? '../dom-child.ts' : '../dom-child.js', import.meta.url);
    const child = fork(file, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const timer = setTimeout(() => child.kill(), (order.seconds + 5) * 1000);
    // SAFETY: our own child sends one message, of this shape.
    child.once('message', (message) => resolve(message as DomResult));
    child.once('error', (error) => resolve(failed(error.message)));
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(failed(`the process of ${order.imitation} ended before its calls (${code ?? 'out of time'})`));
    });
    child.send(order);
  });
}
