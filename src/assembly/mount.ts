import { createInteractionEndpoint } from '../behaviour/endpoint.ts';
import { withBuilds } from '../builds/entry.ts';
import { browserSession } from '../doors/browser-session.ts';
import { createEntry, type Enter } from '../doors/entry.ts';
import { withFormCookie } from '../doors/form-cookie.ts';
import { createFormTokenEndpoint } from '../doors/form-token.ts';
import { createKeyAgreement } from '../doors/key-agreement.ts';
import { createMount, type MountParts } from '../doors/mount.ts';
import type { Guard } from '../guard/guard.ts';
import { createWaitingRoom } from '../guard/waiting-room.ts';
import type { Made } from './made.ts';

/** What the guard answers itself: everything under the mount. */
export function mountDoors(made: Made, decided: MountParts['decided']): Guard['serve'] {
  const { ground, doors, kept, challenges, behaviour } = made;
  const { identity } = kept;
  const { policy, inForce, clock } = ground;
  const { cookies, forms, formToken } = doors;
  const { wall } = clock;
  const formCookie = { rule: () => policy().antiForgery, tokens: forms, sessions: cookies, wall };
  return createMount({
    policy,
    script: inForce.script,
    enter: withFormCookie(namedDoor(made, secondDoor(made)), formCookie),
    endpoints: [
      createFormTokenEndpoint(policy, formToken),
      createInteractionEndpoint(behaviour?.book ?? null, () => policy().config.behaviour?.interaction === true),
      challenges.endpoint,
      ...(identity?.endpoints ?? []),
    ],
    sessionOf: (request) => browserSession(cookies, identity?.logins ?? null, request, wall()),
    decide: (request, rule) => inForce.runner().decide(request, rule),
    decided,
    wall,
  });
}

/** Where pages have builds, they enter in their build's names. */
const namedDoor = ({ builds, ground }: Made, enter: Enter): Enter =>
  builds === null ? enter : withBuilds(enter, builds.live, () => ground.policy().builds);

function secondDoor({ ground, doors, siblings, kept, challenges, banning, sessions, behaviour }: Made): Enter {
  const { clock, state, policy, random } = ground;
  const { tickets, stamps, cookies, whereabouts } = doors;
  return createEntry({
    tickets,
    stamps,
    sessions: cookies,
    whereabouts,
    keys: createKeyAgreement(clock),
    logins: kept.identity?.entry ?? null,
    challenges,
    room: createWaitingRoom(),
    isBanned: (label) => banning.bans?.has('session', label) ?? false,
    isClosed: (prefix) => banning.bans?.has('mint', prefix) ?? false,
    onEntered(session) {
      sessions.entered(session);
      behaviour?.entered(session);
      siblings?.tell({ kind: 'entered', session });
    },
    state,
    policy,
    clock,
    random,
  });
}
