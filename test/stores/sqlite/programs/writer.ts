import { createRecords } from '../../../../src/stores/records/open.ts';

// Writes until it is killed. Each round issues a key, rotates it and appends to the audit log; the parent counts the
// rounds that were acknowledged.
const records = await createRecords(process.argv[2] ?? '', { secret: 'a secret of at least thirty-two characters' });
const from = Number(process.argv[3]);
await records.keys.addAccount({ id: `account-${from}`, name: '', contact: '' });
const rest = {
  account: `account-${from}`,
  prefix: '',
  scopes: [],
  quota: null,
  networks: [],
  thumbprint: null,
  notBefore: 0,
  expires: 0,
  note: '',
};
for (let round = from; ; round++) {
  const key = (id: string) => ({ ...rest, id, material: { kind: 'bearer' as const, hash: id } });
  await records.keys.issue(key(`${round}-a`));
  await records.keys.rotate(`${round}-a`, key(`${round}-b`), 1000);
  await records.audit.append({ time: round, actor: 'a', action: 'b', target: '', details: { round }, outcome: 'done' });
  process.stdout.write(`${round}\n`);
}
