import type { UseTables } from '../memory/uses.ts';
import type { Doings } from './doings.ts';
import type { Names } from './names.ts';

/** Sessions that count as one with others of their network, which is kept by its name. */
export function sharedCrowd(doings: Doings, names: Names): UseTables['crowd'] {
  const CROWD = names.of('crowd');
  return {
    /** Nobody counts them: whoever asks has to look. */
    size: 1,
    get(session) {
      const doing = doings.find(CROWD, session);
      return doing === 0 || doings.count(doing) === 0 ? undefined : `${doings.first(doing)} ${doings.last(doing)}`;
    },
    set(session, prefix) {
      const { high, low } = names.of(prefix);
      const doing = doings.make(CROWD, session, { urgent: true });
      if (doing === 0) return;
      doings.setFirst(doing, high);
      doings.setLast(doing, low);
      doings.setCount(doing, 1);
    },
    delete(session) {
      const doing = doings.find(CROWD, session);
      if (doing !== 0) doings.setCount(doing, 0);
    },
  };
}
