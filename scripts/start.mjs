// `npm start`: the posts demo behind the gate.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './install.mjs';

await import(pathToFileURL(join(root, 'examples', 'posts', 'start.ts')).href);
