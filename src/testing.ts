export { type CypressPassOptions, usePass } from './testing/cypress.ts';
export { createTestKey, createTestPass, type TestPassOptions } from './testing/pass.ts';
export { addPass, type PassFixtureOptions, passFixtures } from './testing/playwright.ts';
