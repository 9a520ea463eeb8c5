import { createSharedMemory, openSharedState } from '../../src/stores/shared/index.ts';
import { stateContract } from './state.ts';

stateContract('shared memory', (bounds) => openSharedState(createSharedMemory(bounds), { worker: 0, monotonic: null }));
