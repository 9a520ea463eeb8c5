import { useCallback, useEffect, useState } from 'react';

export interface Person {
  name: string;
}

/** What the gate's script offers a page; absent where the app runs without a gate. */
interface Gate {
  ask(what: 'user'): Promise<Person | null>;
  ask(what: 'logout'): Promise<{ ok: boolean }>;
}

const gate = (): Gate | undefined => Reflect.get(window, Symbol.for('sallyport'));

/** `unknown` while it is being asked, `none` where nobody can log in at all. */
export type Account = { state: 'unknown' | 'none' } | { state: 'known'; person: Person | null };

/** Who is logged in, as the gate knows them. */
export function useAccount(): { account: Account; logOut: () => Promise<void> } {
  const [account, setAccount] = useState<Account>({ state: 'unknown' });

  useEffect(() => {
    const asked = gate()?.ask('user');
    if (asked === undefined) setAccount({ state: 'none' });
    else
      asked.then(
        (person) => setAccount({ state: 'known', person }),
        () => setAccount({ state: 'none' }),
      );
  }, []);

  const logOut = useCallback(async () => {
    await gate()?.ask('logout');
    setAccount({ state: 'known', person: null });
  }, []);

  return { account, logOut };
}
