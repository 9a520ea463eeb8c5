import { createServer } from 'node:http';
import { announce, answer, listenOn } from './support.ts';

announce(await listenOn(createServer(answer)));
