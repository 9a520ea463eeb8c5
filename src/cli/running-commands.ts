import type { Command } from 'commander';
import type { DoctorFlags, EnforceFlags, GateFlags, ReportFlags } from './command.ts';
import { type CommandParts, gateFlags, type Json, jsonFlag, listenFlag, repeat, share } from './parts.ts';

/** `sallyport enforce` and `sallyport report`. */
export function switches(program: Command, { io, ended }: CommandParts): void {
  jsonFlag(
    listenFlag(
      program
        .command('enforce')
        .description('switch the running gate on, after loading the page and seeing what would break'),
    )
      .option('--page <path>', 'page to load; repeatable (default /)', repeat)
      .option('--accept-found', 'list the images, forms, downloads and navigations that were found')
      .option('--rollout <share>', 'enforce for this share of the sessions, as 5%', share)
      .option('--layer <name>', 'this check alone'),
  ).action(async (options: EnforceFlags & Json) => {
    const { enforce } = await import('./enforce.ts');
    ended(await enforce(options, io(options)));
  });
  gateFlags(
    program
      .command('report')
      .description('switch the running gate back: decide and record, block nothing')
      .option('--layer <name>', 'this check alone; all others go on'),
  ).action(async (options: ReportFlags & Json) => {
    const { report } = await import('./report.ts');
    ended(await report(options, io(options)));
  });
}

/** `sallyport status` and `sallyport why`. */
export function looks(program: Command, { io, ended }: CommandParts): void {
  gateFlags(
    program.command('status').description('what passed, what was or would be refused; exits 3 in report mode'),
  ).action(async (options: GateFlags & Json) => {
    const { status } = await import('./status.ts');
    ended(await status(options, io(options)));
  });
  gateFlags(
    program
      .command('why')
      .description('which rule refused a request, on what evidence, and how to except it')
      .argument('<id>', 'the id in the answer’s problem document or its Sallyport-Decision header'),
  ).action(async (id: string, options: GateFlags & Json) => {
    const { why } = await import('./why.ts');
    ended(await why(id, options, io(options)));
  });
}

/** `sallyport doctor`. */
export function doctor(program: Command, { io, ended }: CommandParts): void {
  jsonFlag(
    listenFlag(program.command('doctor').description('look for what commonly goes wrong around the running gate'))
      .option('--public <origin>', 'reach the gate by the address that people use')
      .option('--page <path>', 'page to look at; repeatable (default /)', repeat),
  ).action(async (options: DoctorFlags & Json) => {
    const { doctor } = await import('./doctor.ts');
    ended(await doctor(options, io(options)));
  });
}
