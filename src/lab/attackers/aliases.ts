import { aliasesOf } from '../alias-corpus.ts';
import { timeIsUp } from '../attempts.ts';
import { resembles, sampleOf } from '../answer.ts';
import type { Attacker } from '../lab.ts';

/**
 * Other spellings of the protected address, unsigned. One gets in where the backend serves the protected address by
 * it: its answer looks like the honest call's, and unlike that of the same request without the trick.
 */
export const aliases: Attacker = {
  name: 'aliases',
  group: 'requests',
  title: 'other spellings of the address',
  how: 'Case, slashes, percent-encodings, parameters, dot segments, absolute targets, what may stand in front of a path, and override headers, unsigned GETs; judged by what the backend serves.',
  steps: ['a list of the ways in which servers spell one address', 'a program that sends each byte for byte'],
  possible: 'The address is served unsigned under another spelling',
  async run(lab, tally) {
    const known = lab.base.honest ?? lab.base.plain;
    const sender = lab.sender();
    const served: string[] = [];
    let elsewhere = 0;
    const stop = tally.meter.start();
    const corpus = aliasesOf(lab.target, lab.page);
    for (const [index, alias] of corpus.entries()) {
      if (timeIsUp(lab, tally, corpus.length - index)) break;
      const answer = sampleOf(await sender.send(alias.request));
      if (answer.kind.by !== 'backend') {
        tally.add(answer.kind);
        continue;
      }
      const control = alias.control === null ? null : sampleOf(await sender.send(alias.control));
      if (resembles(answer, known) && (control === null || !resembles(answer, control))) {
        tally.add(answer.kind);
        served.push(alias.name);
      } else {
        tally.elsewhere();
        elsewhere += 1;
      }
    }
    tally.spent(stop());
    if (served.length > 0) tally.note(`served under ${served.join(', ')}`);
    if (elsewhere > 0)
      tally.note(`${elsewhere} passed the gate as other addresses, and the backend served something else by them`);
  },
};
