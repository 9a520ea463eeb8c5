import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type Log, type LogOptions, readableLine } from '../../src/gateway/log.ts';
import type { Decision, TrailStep } from '../../src/guard/decision.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

function collecting(options: LogOptions = {}) {
  const lines: string[] = [];
  const log = createLog({ readable: false, destination: { write: (line) => void lines.push(line) }, ...options });
  return { log, lines, parsed: (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line)) };
}

const STEP: TrailStep = {
  layer: 'proof',
  code: 'signature',
  enforced: true,
  evidence: 'base differs',
  wouldPass: 'a signature',
};
const REFUSED: Partial<Decision> = {
  outcome: 'refuse',
  code: 'signature',
  layer: 'proof',
  trail: [STEP],
  session: 'AAAAAAAAAAA',
};
const guard = pageGuard();

const SECRETS = {
  cookie: '__Host-sallyport=COOKIESECRET',
  authorization: 'Bearer TOKENSECRET',
  signature: 'sallyport=:SIGNATURESECRET:',
  'signature-input': 'sallyport=("@method");keyid="TICKETSECRET"',
  'sec-websocket-protocol': 'sallyport.PROTOCOLSECRET',
};

test('P9.1 R71 a refusal is one line: reason, rule, time in UTC, session label, the client’s id, no secret', () => {
  const { log, lines, parsed } = collecting();
  const view = viewOf({
    method: 'POST',
    target: '/api/posts?sallyport-proof=PROOFSECRET&q=QUERYSECRET',
    headers: SECRETS,
  });
  const decision = decisionOf(guard, view, { ...REFUSED, address: '198.51.100.77', prefix: '198.51.100.77' });
  log.decided(decision, view);
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? '', /SECRET/);
  const { time, ...line } = parsed()[0] ?? {};
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(line, {
    level: 'warn',
    id: decision.id,
    code: 'signature',
    layer: 'proof',
    route: 'protect /api/**',
    method: 'POST',
    path: '/api/posts',
    carrier: 'call',
    session: 'AAAAAAAAAAA',
    prefix: '198.51.100.77',
    evidence: 'base differs',
    msg: 'refused',
  });
});

test('R72 a would-be refusal is logged as such; what passes is not logged', () => {
  const { log, parsed } = collecting();
  const view = viewOf();
  log.decided(decisionOf(guard, view), view);
  log.decided(decisionOf(guard, view, { trail: [{ ...STEP, enforced: false }] }), view);
  assert.deepEqual(
    parsed().map(({ level, msg, code }) => ({ level, msg, code })),
    [{ level: 'info', msg: 'would refuse', code: 'signature' }],
  );
});

test('on a terminal a burst of refusals is its first lines and a count, without one all are written', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const refuse = (log: Log, times: number): void => {
    const view = viewOf();
    for (let n = 0; n < times; n++) log.decided(decisionOf(guard, view, REFUSED), view);
  };
  const piped = collecting();
  refuse(piped.log, 50);
  assert.equal(piped.lines.length, 50);
  const terminal = collecting({ readable: true });
  refuse(terminal.log, 50);
  assert.equal(terminal.lines.length, 20);
  t.mock.timers.tick(10_000);
  assert.match(terminal.lines.at(-1) ?? '', /warn {2}30 more in the last seconds; sallyport status sums them up\n$/);
  refuse(terminal.log, 20);
  t.mock.timers.tick(10_000);
  assert.equal(terminal.lines.length, 41, 'a new window lets lines through again, and nothing is said of none');
  refuse(terminal.log, 21);
  terminal.log.flush();
  assert.match(terminal.lines.at(-1) ?? '', /1 more in the last seconds/);
});

test('a fault is written however many refusals came', () => {
  const { log, lines } = collecting({ readable: true });
  const view = viewOf();
  for (let n = 0; n < 30; n++) log.decided(decisionOf(guard, view, REFUSED), view);
  log.decided(decisionOf(guard, view, { ...REFUSED, outcome: 'error' }), view);
  assert.match(lines.at(-1) ?? '', /error fault/);
  log.flush();
});

test('faults are errors; their stack is shown at level debug only', () => {
  const error = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
  const plain = collecting();
  plain.log.error('upstream', error, { id: 'x' });
  const { time: _time, ...line } = plain.parsed()[0] ?? {};
  assert.deepEqual(line, { level: 'error', id: 'x', error: 'connect refused (ECONNREFUSED)', msg: 'upstream' });
  const debug = collecting({ level: 'debug' });
  debug.log.error('upstream', error);
  assert.match(String(debug.parsed()[0]?.['stack']), /log\.test/);
});

test('the level is kept', () => {
  const { log, lines } = collecting({ level: 'warn' });
  log.info('unheard');
  log.warn('heard');
  assert.equal(lines.length, 1);
  const silent = collecting({ level: 'silent' });
  silent.log.error('unheard', new Error('x'));
  assert.equal(silent.lines.length, 0);
});

test('on a terminal a line is for people, and what a request brought cannot drive the terminal', () => {
  const { log, lines } = collecting({ readable: true });
  const view = viewOf({ target: '/api/\u001b[2J\u202e' });
  log.decided(decisionOf(guard, view, REFUSED), view);
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:\d\d warn {2}refused id=\S+ code=signature layer=proof route="protect \/api\/\*\*".* method=GET /,
  );
  assert.doesNotMatch(lines[0] ?? '', /[\u0000-\u0009\u000b-\u001f\u007f-\uffff]/);
  assert.equal(
    readableLine('{"time":"2026-01-02T03:04:05.678Z","level":"info","msg":"listening","port":4000}'),
    '03:04:05 info  listening port=4000\n',
  );
});
