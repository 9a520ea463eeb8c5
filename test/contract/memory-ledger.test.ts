import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';
import { ledgerContract } from './ledger.ts';

ledgerContract(
  'the memory ledger',
  () => async () => {
    const ledger = createMemoryLedger(null);
    return { ledger, close: () => ledger.close() };
  },
  false,
);
