'use client';

import { useEffect, useState } from 'react';

export function Greeting() {
  const [count, setCount] = useState(-1);
  useEffect(() => {
    fetch('/api/posts').then(async (answer) => setCount(answer.ok ? (await answer.json()).length : -answer.status));
  }, []);
  return <p id="count">{count}</p>;
}
