import { TEST_PASS_FIELD } from '../wire/test-pass.ts';

/** What is used of Cypress, so that its package is the tests' own. */
interface CypressCommands {
  intercept(
    matcher: { method: string; pathname: string },
    handler: (request: { url: string; headers: Record<string, unknown> }) => void,
  ): unknown;
}

export interface CypressPassOptions {
  /** Origin of the app under test: the pass goes nowhere else. */
  readonly origin: string;
  /** Where the gate answers itself. Default `/_sallyport`. */
  readonly mount?: string;
}

/**
 * Gives every entry of the page a pass; to be called in `beforeEach`. The pass is made in Node, where the key is:
 * `setupNodeEvents(on) { on('task', { sallyportPass: () => createTestPass({ key: process.env.SALLYPORT_TEST_KEY, authority: 'localhost:4000' }) }) }`.
 *
 * `beforeEach(() => cy.task<string>('sallyportPass').then((pass) => usePass(cy, pass, { origin: Cypress.config('baseUrl') ?? '' })))`
 */
export function usePass(
  cy: CypressCommands,
  pass: string,
  { origin, mount = '/_sallyport' }: CypressPassOptions,
): void {
  const own = new URL(origin).origin;
  cy.intercept({ method: 'POST', pathname: `${mount}/enter` }, (request) => {
    if (new URL(request.url).origin === own) request.headers[TEST_PASS_FIELD] = pass;
  });
}
