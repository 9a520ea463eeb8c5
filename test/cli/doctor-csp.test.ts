import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askCsp, type CspQuestion } from '../../src/cli/doctor/csp.ts';

const question: CspQuestion = {
  page: 'https://app.example/start',
  script: 'https://app.example/_sallyport/s.0123456789abcdef.js',
  connect: 'https://app.example/_sallyport/enter',
  nonce: '',
};

interface Row {
  readonly name: string;
  readonly policies: readonly string[];
  readonly nonce?: string;
  readonly script: string;
  readonly connect: string;
}

const rows: readonly Row[] = [
  { name: 'no policy admits both', policies: [], script: '', connect: '' },
  { name: 'a policy about other things admits both', policies: ["img-src 'none'"], script: '', connect: '' },
  { name: "default-src 'self' admits both", policies: ["default-src 'self'"], script: '', connect: '' },
  {
    name: "default-src 'none' refuses both",
    policies: ["default-src 'none'"],
    script: "default-src 'none'",
    connect: "default-src 'none'",
  },
  {
    name: 'script-src goes before default-src',
    policies: ["default-src 'none'; script-src 'self'; connect-src 'self'"],
    script: '',
    connect: '',
  },
  {
    name: 'connect-src of another host refuses the mount',
    policies: ["script-src 'self'; connect-src https://api.example"],
    script: '',
    connect: 'connect-src https://api.example',
  },
  {
    name: 'the page’s nonce on our tag admits it',
    policies: ["script-src 'nonce-abc' 'strict-dynamic'"],
    nonce: 'abc',
    script: '',
    connect: '',
  },
  {
    name: 'strict-dynamic ignores hosts',
    policies: ["script-src 'self' 'strict-dynamic' 'nonce-abc'"],
    script: "script-src 'self' 'strict-dynamic' 'nonce-abc'",
    connect: '',
  },
  {
    name: 'a nonce is compared with its case',
    policies: ["script-src 'nonce-abc'"],
    nonce: 'ABC',
    script: "script-src 'nonce-abc'",
    connect: '',
  },
  {
    name: 'a nonce beside self admits a tag without one',
    policies: ["script-src 'self' 'nonce-abc'"],
    script: '',
    connect: '',
  },
  {
    name: 'hashes alone refuse an external script',
    policies: ["script-src 'sha256-AAAA'"],
    script: "script-src 'sha256-AAAA'",
    connect: '',
  },
  {
    name: 'every policy of the page must admit',
    policies: ["script-src 'self'", 'script-src https://cdn.example'],
    script: 'script-src https://cdn.example',
    connect: '',
  },
  {
    name: 'two policies in one field count as two',
    policies: ["script-src 'self', script-src 'none'"],
    script: "script-src 'none'",
    connect: '',
  },
  {
    name: 'the first of two equal directives counts',
    policies: ["script-src 'self'; script-src 'none'"],
    script: '',
    connect: '',
  },
  { name: 'a scheme admits its own', policies: ['script-src https:; connect-src https:'], script: '', connect: '' },
  { name: 'http: admits https', policies: ['script-src http:'], script: '', connect: '' },
  { name: 'a star admits', policies: ['default-src *'], script: '', connect: '' },
  {
    name: 'a wildcard host admits subdomains only',
    policies: ['script-src *.app.example'],
    script: 'script-src *.app.example',
    connect: '',
  },
  { name: 'the host by name admits', policies: ['script-src app.example'], script: '', connect: '' },
  {
    name: 'another port refuses',
    policies: ['script-src app.example:8443'],
    script: 'script-src app.example:8443',
    connect: '',
  },
  {
    name: 'a folder that is not ours refuses',
    policies: ['script-src https://app.example/assets/'],
    script: 'script-src https://app.example/assets/',
    connect: '',
  },
];

for (const { name, policies, nonce = '', script, connect } of rows) {
  test(`CSP: ${name}`, () => assert.deepEqual(askCsp(policies, { ...question, nonce }), { script, connect }));
}
