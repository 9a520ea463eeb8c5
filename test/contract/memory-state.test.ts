import { createMemoryState } from '../../src/stores/memory/index.ts';
import { stateContract } from './state.ts';

stateContract('the memory store', (bounds) => createMemoryState({ ...bounds, monotonic: null }));
