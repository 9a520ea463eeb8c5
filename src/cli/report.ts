import type { ModeChanged } from '../gateway/switching.ts';
import { EXIT, type Io, present, type ReportFlags } from './command.ts';
import { ask, GateRefusal, theGate } from './gates.ts';
import { reachWords } from './reach.ts';

/** `sallyport report`: switches a running gate, or one layer of it, back to deciding and recording. Exits 1 while other gates have yet to hear of it. */
export async function report(flags: ReportFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const { layer = '' } = flags;
  let changed: ModeChanged;
  try {
    changed = await ask<ModeChanged>(gate, 'POST', '/mode', { mode: 'report', acceptFound: false, layer });
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    io.terminal.err(`sallyport: ${error.message}`);
    return EXIT.no;
  }
  present(
    io,
    { ...changed, layer, port: gate.port },
    ({ before, reach }) => said(gate.port, layer, before) + reachWords(reach),
  );
  return changed.reach === 'later' ? EXIT.no : EXIT.ok;
}

function said(port: number, layer: string, before: ModeChanged['before']): string {
  if (layer !== '') return `${layer} of the gate on port ${port} only reports now: it blocks nothing.`;
  return before === 'report'
    ? `The gate on port ${port} was in report mode already: NOTHING IS BLOCKED.`
    : `The gate on port ${port} is in report mode now: NOTHING IS BLOCKED. It records what it would refuse.`;
}
