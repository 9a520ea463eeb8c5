import type { ModeChanged } from '../gateway/control.ts';
import { EXIT, type Io, present } from './command.ts';
import { ask, theGate } from './gates.ts';
import type { GateFlags } from './command.ts';

/** `sallyport report`: switches a running gate back to deciding and recording. */
export async function report(flags: GateFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  const changed = await ask<ModeChanged>(gate, 'POST', '/mode', { mode: 'report', acceptFound: false });
  present(io, { ...changed, port: gate.port }, ({ before }) =>
    before === 'report'
      ? `The gate on port ${gate.port} was in report mode already: NOTHING IS BLOCKED.`
      : `The gate on port ${gate.port} is in report mode now: NOTHING IS BLOCKED. It records what it would refuse.`,
  );
  return EXIT.ok;
}
