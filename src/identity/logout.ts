import type { Answer } from '../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../guard/endpoint.ts';
import type { LoginDesk, Source } from './source.ts';

/**
 * `POST {mount}/logout`: ends the login of the browser's session and the session token that comes along, and says where its provider's own session ends:
 * `{ "redirect": "https://…" }`, or `""` where there is no such place. Only the code of a page of ours may ask (R34);
 * there is no GET, so no image or link of another site logs anybody out.
 */
export function createLogout(desk: LoginDesk, sources: ReadonlyMap<string, Source>): Endpoint {
  async function answer(call: EndpointCall): Promise<Answer> {
    const { secure, authority } = call.decision;
    const login = await desk.stored(call);
    // The login ends here first: what the provider does comes after, and may fail.
    const cookies = await desk.leave(call);
    for (const each of sources.values()) await each.leave?.(call.request);
    const source = login === null ? undefined : sources.get(login.subject.source);
    const origin = `${secure ? 'https' : 'http'}://${authority}`;
    const redirect = login === null ? '' : ((await source?.signOut?.(login, origin)) ?? '');
    return {
      status: 200,
      fields: [
        'content-type',
        'application/json',
        'cache-control',
        'no-store',
        'x-content-type-options',
        'nosniff',
        ...cookies.flatMap((cookie) => ['set-cookie', cookie]),
      ],
      body: JSON.stringify({ redirect }),
    };
  }
  return { method: 'POST', path: '/logout', asks: 'site', maxBody: 1024, answer };
}
