import { startTodos } from './server.ts';

const { url } = await startTodos(Number(process.env['PORT'] ?? 3001));
console.log(`Todos on ${url}`);
console.log(`Put the gate in front: npx sallyport --to ${url} --protect '/todos/**' --mode enforce`);
