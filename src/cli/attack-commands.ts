import type { Command } from 'commander';
import type { AttackFlags } from './command.ts';
import { type CommandParts, type Json, jsonFlag, wholeNumber } from './parts.ts';

/** `sallyport attack`. */
export function attack(program: Command, { io, ended }: CommandParts): void {
  jsonFlag(
    program
      .command('attack')
      .description('run the attackers against a gate on this machine, and print what still gets in')
      .argument('<url>', 'an address of the API, as http://localhost:4000/api/posts')
      .option('--method <method>', 'method of the calls (default GET)')
      .option('--page <path>', 'a page of the app, where the doors open (default /)')
      .option('--calls <number>', 'calls by which a price is measured (default 200)', wholeNumber)
      .option('--seconds <number>', 'the run takes no longer (default 180)', wholeNumber)
      .option('--token-header <name>', 'header that carries the app’s token in SALLYPORT_TOKEN (default authorization)')
      .option(
        '--create <json>',
        'body of a POST to the address, by which one person makes an object that another reaches for',
      )
      .option(
        '--prices <file>',
        'JSON file with prices of cores, addresses, browsers and people (default: assumed ones)',
      ),
  ).action(async (url: string, options: AttackFlags & Json) => {
    const { attack } = await import('./attack.ts');
    ended(await attack(url, options, io(options)));
  });
}
