import type { Command } from 'commander';
import type { EvidenceFlags } from './command.ts';
import { type CommandParts, type Json, jsonFlag, wholeNumber } from './parts.ts';

/** `sallyport evidence`. */
export function evidence(program: Command, { io, ended }: CommandParts): void {
  jsonFlag(
    program
      .command('evidence')
      .description('what each attacker gets with Sallyport off, on by default and strict, as HTML, JSON and SARIF')
      .option('--config <file>', 'your configuration and its backend (default: an app of the lab’s own)')
      .option('--to <url>', 'that backend, where the configuration names none or another')
      .option('--at <path>', 'the address under attack, as /api/posts; with --config or --to')
      .option('--page <path>', 'a page of the app, where the doors open (default /)')
      .option('--calls <number>', 'calls by which a price is measured (default 100)', wholeNumber)
      .option('--no-delays', 'leave out how much longer it takes to copy the app')
      .option('--layer-calls <number>', 'calls for each layer, off and alone (default 10)', wholeNumber)
      .option('--no-layers', 'leave out what each layer adds')
      .option('--seconds <number>', 'the run at one of the three gates takes no longer (default 180)', wholeNumber)
      .option('--prices <file>', 'prices of your own, as JSON (docs/evidence.md)')
      .option('--compare <file>', 'an earlier sallyport-evidence.json: names figures that differ by more than 15 %')
      .option('--markdown <file>', 'the tables as Markdown, too')
      .option('--output <folder>', 'where the files go (default: here)'),
  ).action(async (options: EvidenceFlags & Json) => {
    const { evidence } = await import('./evidence.ts');
    ended(await evidence(options, io(options)));
  });
}
