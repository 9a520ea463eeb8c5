import type { ListStatus } from '../../guard/lists.ts';
import { listAge, listCounts } from '../list-words.ts';
import { shown } from '../terminal.ts';
import { type Finding, fine, wrong } from './finding.ts';

/** Whether published lists of networks are read, and lately. */
export function examineLists(lists: readonly ListStatus[], now = Date.now()): Finding[] {
  return lists.map((list) => {
    const name = `the list ${shown(list.name)} has ${listCounts(list)}, ${listAge(list, now)}`;
    if (list.trouble !== '')
      return wrong('lists', name, 'look whether its address is still right, and reached from here');
    if (list.stale) return wrong('lists', name, 'restart the gate, or look at its log');
    if (list.broken > 0) return wrong('lists', name, 'look at the lines of this list that say no network');
    return fine('lists', name);
  });
}
