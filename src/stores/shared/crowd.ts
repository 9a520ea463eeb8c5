import { worthOf } from '../../guard/crowd.ts';
import type { UseTables } from '../memory/uses.ts';
import type { Doings } from './doings.ts';
import type { Names } from './names.ts';

/** Sessions that count together with others of their network: its name is kept, and what they are worth. */
export function sharedCrowd(doings: Doings, names: Names): UseTables['crowd'] {
  const CROWD = names.of('crowd');
  return {
    /** Nobody counts them: whoever asks has to look. */
    size: 1,
    get(session) {
      const doing = doings.find(CROWD, session);
      const worth = doing === 0 ? 0 : doings.count(doing);
      return worth === 0 ? undefined : `${worth} ${doings.first(doing)} ${doings.last(doing)}`;
    },
    set(session, crowd) {
      const { high, low } = names.of(crowd);
      const doing = doings.make(CROWD, session, { urgent: true });
      if (doing === 0) return;
      doings.setFirst(doing, high);
      doings.setLast(doing, low);
      doings.setCount(doing, worthOf(crowd));
    },
    delete(session) {
      const doing = doings.find(CROWD, session);
      if (doing !== 0) doings.setCount(doing, 0);
    },
  };
}
