import { type Command, InvalidArgumentError } from 'commander';
import type { GateFlags } from './command.ts';
import type { IssueFlags, Quota, RotateFlags, UsageFlags } from './keys.ts';
import { type CommandParts, duration, gateFlags, type Json, jsonFlag, repeat } from './parts.ts';
import type { TestPassFlags } from './test-pass.ts';

const SPANS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** `1000/day`, `5/second`. */
function quota(text: string): Quota {
  const [, number, unit = ''] = /^([1-9]\d{0,11})\/([a-z]+)$/.exec(text) ?? [];
  const per = SPANS[unit];
  if (number !== undefined && per !== undefined) return { count: Number(number), per };
  throw new InvalidArgumentError('write a number and a span, as 1000/day or 5/second.');
}

/** `sallyport keys …` */
export function keys(program: Command, { io, ended }: CommandParts): void {
  const group = gateFlags(
    program.command('keys').description('API keys of servers and partners: lists, issues, replaces and revokes them'),
  ).action(async (options: GateFlags & Json) => {
    const { listKeys } = await import('./keys.ts');
    ended(await listKeys(options, io(options)));
  });
  gateFlags(group.command('list').description('what `sallyport keys` alone does')).action(
    async (options: GateFlags & Json) => {
      const { listKeys } = await import('./keys.ts');
      ended(await listKeys(options, io(options)));
    },
  );
  gateFlags(
    group
      .command('issue')
      .description('issue a key; it is shown once')
      .requiredOption('--for <name>', 'account it belongs to: a partner, or yourself')
      .option('--scope <scope>', 'what it may do, as routes name it; repeatable', repeat)
      .option('--ttl <time>', 'how long it lives, as 1h or 90d (default without end)', duration)
      .option('--after <time>', 'opens nothing before', duration)
      .option('--quota <count/span>', 'requests it may make, as 1000/day', quota)
      .option('--network <cidr>', 'where it may come from; repeatable', repeat)
      .option('--certificate <file>', 'client certificate (PEM) without which it opens nothing; needs tls.clientCa')
      .option('--ed25519 [public]', 'a signing key: a new pair, or your public half (PEM, JWK, base64, or a file)')
      .option('--hmac', 'a shared signing secret, for clients that cannot do Ed25519')
      .option('--note <text>', 'for people'),
  ).action(async (options: IssueFlags & Json) => {
    const { issueKey } = await import('./keys.ts');
    ended(await issueKey(options, io(options)));
  });
  gateFlags(
    group
      .command('rotate')
      .description('issue a key in place of another, which goes on for a while')
      .argument('<id>', 'as `sallyport keys` lists it')
      .option('--overlap <time>', 'how long the old one goes on (default 1d)', duration)
      .option('--public <key>', 'your new public half'),
  ).action(async (id: string, options: RotateFlags & Json) => {
    const { rotateKey } = await import('./keys.ts');
    ended(await rotateKey(id, options, io(options)));
  });
  gateFlags(
    group.command('revoke').description('end a key now').argument('<id>', 'as `sallyport keys` lists it'),
  ).action(async (id: string, options: GateFlags & Json) => {
    const { revokeKey } = await import('./keys.ts');
    ended(await revokeKey(id, options, io(options)));
  });
  jsonFlag(
    group
      .command('test-pass')
      .description('a pass for automated tests, by the private key in SALLYPORT_TEST_KEY; needs no running gate')
      .option('--ttl <time>', 'how long it is good for, 24h at most (default 1h)', duration)
      .option('--authority <host>', 'the gate that it is for (default: any that trusts the key)')
      .option('--new-key', 'make a pair of keys for tests instead'),
  ).action(async (options: TestPassFlags & Json) => {
    const { testPass } = await import('./test-pass.ts');
    ended(testPass(options, io(options)));
  });
  gateFlags(
    group
      .command('usage')
      .description('requests by key and day, as comma-separated values')
      .option('--from <day>', 'as 2026-11-01 (default 30 days ago)')
      .option('--to <day>', 'default today'),
  ).action(async (options: UsageFlags & Json) => {
    const { keyUsage } = await import('./keys.ts');
    ended(await keyUsage(options, io(options)));
  });
}
