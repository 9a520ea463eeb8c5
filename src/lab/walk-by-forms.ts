import type { Person, ProviderLogin } from './provider-login.ts';
import type { Account } from './people.ts';

/** Pages and redirects on the way through a provider. */
const MOST_STEPS = 20;
const MOST_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Walks through a provider's login as somebody with a name and a password would: follows its redirects, fills in its
 * forms, agrees to what it asks, and stops where it sends the browser back. For providers whose pages work without
 * JavaScript. Name and password go to the origin of the address that it is given, and nowhere else.
 */
export function walkByForms(people: Readonly<Record<Person, Account>>): ProviderLogin['walk'] {
  return async (address, who) => {
    const { origin } = new URL(address);
    const cookies = new Map<string, string>();
    let next: Step = { url: new URL(address), form: null };
    for (let step = 0; step < MOST_STEPS; step++) {
      const answer = await take(next, cookies);
      const location = answer.headers.get('location');
      if (location !== null) {
        await answer.body?.cancel();
        next = { url: new URL(location, next.url), form: null };
        if (next.url.origin !== origin) return next.url.href;
        continue;
      }
      const form = formOf((await answer.text()).slice(0, MOST_BYTES), people[who]);
      if (form === null) throw new Error(`the provider answers ${answer.status} without a form`);
      next = { url: new URL(form.action, next.url), form: form.fields };
      if (next.url.origin !== origin) throw new Error('the provider’s form leads to another origin');
    }
    throw new Error('the provider sends in circles');
  };
}

interface Step {
  readonly url: URL;
  /** Null to ask by GET. */
  readonly form: URLSearchParams | null;
}

async function take({ url, form }: Step, cookies: Map<string, string>): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { cookie, accept: 'text/html' },
    ...(form === null ? {} : { method: 'POST', body: form }),
  });
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  return answer;
}

interface FilledForm {
  readonly action: string;
  readonly fields: URLSearchParams;
}

/** The first form of a page that posts, filled in; null where there is none. */
function formOf(page: string, { name, password }: Account): FilledForm | null {
  for (const [, attributes = '', content = ''] of page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    if (attribute(attributes, 'method').toLowerCase() !== 'post') continue;
    const fields = new URLSearchParams();
    let pressed = false;
    for (const [, tag = '', text = ''] of content.matchAll(/<(input|button)\b([^>]*)>/gi)) {
      const field = attribute(text, 'name');
      const type = attribute(text, 'type').toLowerCase() || (tag.toLowerCase() === 'button' ? 'submit' : 'text');
      // Only the first button is pressed.
      const passed = type === 'submit' && pressed;
      pressed ||= type === 'submit';
      if (field === '' || passed || UNTOUCHED.has(type)) continue;
      if (type === 'password') fields.set(field, password);
      else if (type === 'text' || type === 'email') fields.set(field, name);
      else fields.set(field, attribute(text, 'value'));
    }
    return { action: attribute(attributes, 'action'), fields };
  }
  return null;
}

const UNTOUCHED: ReadonlySet<string> = new Set(['checkbox', 'radio', 'file', 'reset', 'button', 'image']);

function attribute(text: string, name: string): string {
  const [, double, single, bare] =
    new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(text) ?? [];
  return (double ?? single ?? bare ?? '').replace(
    /&(amp|quot|lt|gt|#39|#x27);/g,
    (_, entity: string) => CHARACTERS[entity] ?? '',
  );
}

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'", '#x27': "'" };
