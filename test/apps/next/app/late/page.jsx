import { Suspense } from 'react';
import { setTimeout } from 'node:timers/promises';
import { connection } from 'next/server';
import { Posts } from '../posts-list.jsx';

async function Words() {
  await connection();
  await setTimeout(100);
  return <p id="late">late words</p>;
}

export default function Late() {
  return (
    <main>
      <h1>Late</h1>
      <Suspense fallback={<p>wait</p>}>
        <Words />
      </Suspense>
      <Posts />
    </main>
  );
}
