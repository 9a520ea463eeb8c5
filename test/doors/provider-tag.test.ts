import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerTags } from '../../src/doors/provider-tag.ts';

const recaptcha = { siteKey: 'key-1', secret: 'secret-1' };

test('no page loads a provider’s script unless the configuration says every page', () => {
  assert.equal(providerTags({}, ''), '');
  assert.equal(providerTags({ recaptcha, turnstile: recaptcha }, ''), '');
  assert.equal(providerTags({ recaptcha: { ...recaptcha, everyPage: false } }, 'abc'), '');
});

test('the script of a score is loaded by every page that is asked to, with the page’s nonce and no secret', () => {
  const tag = providerTags({ recaptcha: { ...recaptcha, everyPage: true } }, 'abc=');
  assert.equal(tag, '<script async src="https://www.google.com/recaptcha/api.js?render=key-1" nonce="abc="></script>');
  const enterprise = { ...recaptcha, project: 'p', apiKey: 'k', everyPage: true };
  assert.equal(
    providerTags({ 'recaptcha-enterprise': enterprise }, ''),
    '<script async src="https://www.google.com/recaptcha/enterprise.js?render=key-1"></script>',
  );
});

test('nothing in an address or a nonce ends the attribute', () => {
  const script = 'https://provider.example/a"><b>.js';
  const tag = providerTags({ recaptcha: { ...recaptcha, everyPage: true, script } }, '"><script>');
  assert.equal(tag, '<script async src="https://provider.example/a%22%3E%3Cb%3E.js?render=key-1"></script>');
});
