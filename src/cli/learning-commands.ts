import type { Command } from 'commander';
import type { ConfigFlags } from './flags.ts';
import type { LearnFlags } from './learn.ts';
import { type CommandParts, duration, type Json, jsonFlag, repeat } from './parts.ts';

/** `sallyport learn` and `sallyport replay`. */
export function learning(program: Command, { io, ended }: CommandParts): void {
  policyFlags(
    program
      .command('learn')
      .description('propose a policy by what traffic shows, as a diff of the configuration')
      .argument('[files...]', 'access logs, HAR files, Playwright traces, an OpenAPI document')
      .option('--from-gate', 'watch the running gate, until Ctrl-C')
      .option('--for <time>', 'watch it for so long, as 15m', duration)
      .option('--listen <host:port>', 'which gate, where several run')
      .option('--write', 'write the proposal into the configuration'),
  ).action(async (files: string[], options: LearnFlags & Json) => {
    const { learn } = await import('./learn.ts');
    ended(await learn(files, options, io(options)));
  });
  policyFlags(
    program
      .command('replay')
      .description('what the configuration would have refused in recorded traffic; exits 1 where that is anything')
      .argument('<files...>', 'access logs, HAR files, Playwright traces'),
  ).action(async (files: string[], options: ConfigFlags & Json) => {
    const { replay } = await import('./replay.ts');
    ended(await replay(files, options, io(options)));
  });
}

/** What of the configuration bears on recorded traffic. */
const policyFlags = (command: Command): Command =>
  jsonFlag(
    command
      .option('--config <file>', 'configuration (default sallyport.config.ts, .js, .mjs or .json here)')
      .option('--protect <pattern>', 'what needs a proof; repeatable (default /api/**)', repeat)
      .option('--open <pattern>', 'exception, matched byte for byte; repeatable', repeat),
  );
