import type { ChallengeMember } from '../../wire/challenge.ts';
import { type Dialog, openDialog } from '../challenge/dialog.ts';
import { load } from '../challenge/load.ts';
import { otherWay, type SolveOther, type Solved } from '../challenge/other.ts';
import { WIDGETS, type Widget } from '../challenge/widgets.ts';

/** Challenges that a provider sets: its script is loaded here, and only once one is asked for. */

/** How long a score may take before it is met the other way; milliseconds. */
const SILENT = 10_000;
/** How long a widget that may turn out to need nobody stays unseen. */
const UNSEEN = 3000;

let last: Promise<unknown> = Promise.resolve();

/**
 * One after another, whatever calls at once: nobody does two such steps side by side. Null where the person stopped it.
 * `refused`: the same call has brought a solution of this kind already, and it did not do.
 */
export function solve(challenge: ChallengeMember, other: SolveOther, refused = false): Promise<Solved | null> {
  const run = last.then(() => begin(challenge, other, refused));
  last = run.catch(() => {});
  return run;
}

async function begin(challenge: ChallengeMember, other: SolveOther, refused: boolean): Promise<Solved | null> {
  const widget = WIDGETS[challenge.kind];
  if (!widget) return otherWay(challenge, other);
  if (widget.visible) return visibly(widget, challenge, other, refused);
  // A score that was too low is too low the next time: the person is not to blame, and does not notice.
  return (refused ? null : await silently(widget, challenge)) ?? otherWay(challenge, other);
}

/** Null for a blocker, a policy, a missing network. */
function silently(widget: Widget, challenge: ChallengeMember): Promise<Solved | null> {
  const { parameters } = challenge;
  return new Promise((resolve) => {
    const failed = () => resolve(null);
    setTimeout(failed, SILENT);
    const done = (solution: string) => resolve({ challenge, solution });
    load(widget, parameters).then(() => call(widget, { ...UNSHOWN, parameters, done, failed }), failed);
  });
}

const UNSHOWN = { place: null, language: '', needed: () => {} };

function call(widget: Widget, asked: Parameters<Widget['run']>[1]): void {
  const api = widget.api();
  if (api) widget.run(api, asked);
  else asked.failed();
}

function visibly(
  widget: Widget,
  challenge: ChallengeMember,
  other: SolveOther,
  refused: boolean,
): Promise<Solved | null> {
  const { parameters, alternative } = challenge;
  return new Promise<Solved | null>((resolve) => {
    let open = true;
    const end = (solved: Solved | null) => {
      if (!open) return;
      open = false;
      clearTimeout(patience);
      dialog.close();
      resolve(solved);
    };
    const dialog: Dialog = openDialog({
      name: widget.name,
      onCancel: () => end(null),
      onOther:
        alternative &&
        (() => {
          dialog.say('working');
          otherWay(challenge, other).then(end, () => dialog.say('again'));
        }),
    });
    const fail = (what: 'failed' | 'again') => {
      dialog.say(what);
      dialog.reveal();
    };
    const patience = setTimeout(() => dialog.reveal(), UNSEEN);
    dialog.say('loading');
    load(widget, parameters).then(
      () => {
        dialog.say(refused ? 'again' : '');
        call(widget, {
          parameters,
          place: dialog.place,
          language: dialog.language,
          done: (solution) => end({ challenge, solution }),
          failed: () => fail('again'),
          needed: () => dialog.reveal(),
        });
      },
      () => fail('failed'),
    );
  });
}
