import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import { type Creations, NOBODYS } from '../guard/creator.ts';
import type { Layer } from '../guard/layer.ts';
import { subjectName } from '../guard/subject.ts';
import { whenKnown } from '../lib/eventually.ts';

const LOGIN = refusal('login-required', 'a person who is logged in');
const OTHERS = refusal('forbidden', 'the person who created the object, as this gate saw it');

/**
 * Did this person create the object? For backends that keep no owner: the gate remembers whose call an object came of.
 * An object that it did not see come is nobody's. Comes after the commit, because records may be elsewhere.
 */
export function createCreator(creations: Creations | null): Layer {
  return {
    name: 'creator',
    stage: 'after-commit',
    everyRule: true,
    forRoute: (route) => {
      const rule = route.user?.creator ?? null;
      if (rule === null) return null;
      return (request, { subject, key }) => {
        if (subject === null) return key === null ? LOGIN : PASS;
        const id = rule.idIn(request.path);
        if (id === '' || creations === null) return NOBODYS;
        const name = subjectName(subject);
        return whenKnown(creations.creatorOf(rule.of, id), (creator): Pass | Refusal =>
          creator === name ? PASS : creator === null ? NOBODYS : OTHERS,
        );
      };
    },
  };
}
