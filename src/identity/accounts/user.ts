import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { jsonAnswer } from './answers.ts';
import { publicUser } from './subject.ts';

/** `GET {mount}/user`: who is logged in, in this browser, by whichever source: `{ "user": null }` for nobody. */
export function createUser(): Endpoint {
  function answer({ session }: EndpointCall): Answer {
    const subject = session?.login?.subject;
    return jsonAnswer(200, { user: subject === undefined ? null : publicUser(subject) });
  }
  return { method: 'GET', path: '/user', asks: 'site', maxBody: 0, answer };
}
