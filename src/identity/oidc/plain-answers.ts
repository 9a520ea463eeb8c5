import type { CustomFetch } from 'openid-client';
import { parseStrictObject } from '../../lib/strict-json.ts';

/**
 * Answers of a token endpoint without OpenID Connect, as RFC 6749 §5 has them: GitHub, for one, says what went wrong in an
 * answer 200. An ID token that comes all the same is dropped, because nothing is known by which it could be checked.
 */
export function plainAnswers(fetch: CustomFetch, tokenEndpoint = ''): CustomFetch {
  const endpoint = URL.parse(tokenEndpoint)?.href;
  return async (url, options) => {
    const response = await fetch(url, options);
    if (url !== endpoint || response.status !== 200) return response;
    const text = await response.text();
    const { headers } = response;
    const answer = parseStrictObject(text);
    // What is no JSON at all is for the library to name.
    if (answer === null) return new Response(isJson(text) ? '' : text, { headers });
    const { id_token: _, ...plain } = answer;
    return new Response(JSON.stringify(plain), { status: 'error' in plain ? 400 : 200, headers });
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
