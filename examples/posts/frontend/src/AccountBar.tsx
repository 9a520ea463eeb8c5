import type { Account } from './useAccount.ts';

/** The gate's own login page; it leads back here. */
export const LOGIN = '/_sallyport/login?return=/';

export function AccountBar({ account, logOut }: { account: Account; logOut: () => void }) {
  if (account.state !== 'known') return null;
  const { person } = account;
  if (person === null) {
    return (
      <a className="quiet" href={LOGIN}>
        Log in
      </a>
    );
  }
  return (
    <>
      <span className="person">{person.name}</span>
      <button type="button" className="quiet" onClick={logOut}>
        Log out
      </button>
    </>
  );
}
