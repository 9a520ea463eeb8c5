/** One thing that `doctor` looked at. */
export interface Finding {
  /** Stable name of the check, for `--json` readers. */
  readonly check:
    | 'script'
    | 'csp'
    | 'headers'
    | 'backend'
    | 'host'
    | 'proxies'
    | 'writes'
    | 'open'
    | 'logins'
    | 'lists'
    | 'script-versions'
    | 'instances';
  /** `unknown`: it could not be looked at, and `text` says why. */
  readonly verdict: 'fine' | 'wrong' | 'unknown';
  /** What was seen, in one sentence. */
  readonly text: string;
  /** What to do about it, ready to copy where it is a line of configuration; '' where nothing is to be done. */
  readonly fix: string;
}

export const fine = (check: Finding['check'], text: string): Finding => ({ check, verdict: 'fine', text, fix: '' });
export const wrong = (check: Finding['check'], text: string, fix: string): Finding => ({
  check,
  verdict: 'wrong',
  text,
  fix,
});
export const unknown = (check: Finding['check'], text: string, fix = ''): Finding => ({
  check,
  verdict: 'unknown',
  text,
  fix,
});
