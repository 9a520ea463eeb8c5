import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { EMAIL, isPlaceholder, NAME } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { isGoodPassword } from './password-rules.ts';
import { sendVerification } from './verify.ts';
import { Busy } from './work.ts';

/**
 * `POST {mount}/signup` `{ "name", "password", "email" }`, where the configuration opens it. Answers as a login does, or 422 with
 * `{ "error": "name" | "email" | "password" | "taken" }`. Where addresses have to be confirmed, one that has an
 * account already gets the same answer as a new one.
 */
export function createSignUp(context: AccountsContext): Endpoint {
  const { directory, clock, policy, config, limits, work } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const refuse = (error: string): Answer => jsonAnswer(422, { error });
    if (config.signUp !== 'open') return problemFor(call, mount, 'forbidden', now);
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    if (call.session === null) return problemFor(call, mount, 'entry-required', now);
    const name = textOf(form, 'name', 64).trim().toLowerCase();
    const email = textOf(form, 'email', 254).trim().toLowerCase();
    const password = textOf(form, 'password', 1024);
    const verified = config.email === 'verified';
    if (!NAME.test(name)) return refuse('name');
    if (email === '' ? verified : !EMAIL.test(email) || isPlaceholder(email)) return refuse('email');
    if (!isGoodPassword(password, name, config.passwordLength)) return refuse('password');
    const { prefix } = call.decision;
    const wait = limits.mailPerPrefix.take(prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    try {
      if ((await directory.find(name)) !== null) return refuse('taken');
      const owner = email === '' ? null : await directory.find(email);
      if (owner !== null && !verified) return refuse('taken');
      const made = await work.run(prefix, false, async () => {
        if (owner === null) return directory.create({ name, email, password, roles: [] });
        await directory.checkPassword(null, password);
        return null;
      });
      if (made === 'taken') return refuse('taken');
      if (made !== null && verified) sendVerification(context, call, made);
      if (made === null || verified) return jsonAnswer(200, { next: 'verify-email' });
      try {
        return await finish(context, call, made, ['pwd'], false);
      } catch (error) {
        // Whoever is told that it failed finds the name free when they try again.
        await directory.remove(made.id).catch(() => {});
        throw error;
      }
    } catch (error) {
      if (error instanceof Busy) return problemFor(call, mount, 'limit', now, error.retryAfter);
      throw error;
    }
  }

  return { method: 'POST', path: '/signup', asks: 'site', maxBody: 4096, answer };
}
