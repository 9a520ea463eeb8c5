import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { cors } from '../../src/layers/cors.ts';
import { judge } from '../support/layer.ts';
import type { Sketch } from '../support/view.ts';

const A = 'https://a.example';
const B = 'b.example';
const TWO: Config = { mode: 'enforce', public: A, hosts: [B], protect: ['/api/**'] };

/** Which origin may read the answer; '' for none but its own. */
function reader(config: Config, sketch: Sketch): string {
  const { responseFields } = judge(cors, config, { target: '/api/posts', ...sketch }).context;
  return responseFields[responseFields.indexOf('access-control-allow-origin') + 1] ?? '';
}

/** Which origin a preflight lets in; '' for none. */
function admitted(config: Config, sketch: Sketch): string {
  const asks = { 'access-control-request-method': 'POST', ...sketch.headers };
  const fields = judge(cors, config, { ...sketch, method: 'OPTIONS', target: '/api/posts', headers: asks }).context
    .answer?.fields;
  const at = fields?.indexOf('access-control-allow-origin') ?? -1;
  return at === -1 ? '' : (fields?.[at + 1] ?? '');
}

describe('R31 a page reads what its preflight was promised', () => {
  const FROM: [string, string, string, string, boolean][] = [
    ['of the very host, whose browser asks for nothing', A, 'a.example', '', true],
    ['of another host of the gate', A, B, A, true],
    ['of another host of the gate, the other way round', `https://${B}`, 'a.example', `https://${B}`, true],
    ['of nobody', 'https://evil.example', B, '', false],
    ['of a name that only ends like ours', 'https://evil-a.example', B, '', false],
  ];
  for (const [name, origin, host, reads, promised] of FROM) {
    test(name, () => {
      const sketch = { secure: true, headers: { origin, host } };
      assert.equal(reader(TWO, sketch), reads);
      assert.equal(admitted(TWO, sketch), promised ? origin : '');
    });
  }

  test('over plain HTTP a page of one host reads nothing that another answers over TLS', () => {
    const config: Config = { mode: 'enforce', hosts: ['a.example', B] };
    const insecure = { headers: { origin: 'http://a.example', host: B } };
    assert.deepEqual([reader(config, insecure), admitted(config, insecure)], ['http://a.example', 'http://a.example']);
    const secure = { ...insecure, secure: true };
    assert.deepEqual([reader(config, secure), admitted(config, secure)], ['', '']);
  });

  test('hosts are told apart by their ports, too', () => {
    const sketch = { headers: { origin: 'http://localhost:4000', host: 'localhost:5000' } };
    assert.equal(reader({ hosts: ['localhost:4000', 'localhost:5000'] }, sketch), 'http://localhost:4000');
  });

  test('a client that does not list `self` answers no host of ours', () => {
    const config: Config = { ...TWO, clients: { default: { origins: ['https://app.example'] } } };
    assert.equal(reader(config, { secure: true, headers: { origin: A, host: B } }), '');
    assert.equal(reader(config, { headers: { origin: 'https://app.example', host: B } }), 'https://app.example');
  });
});
