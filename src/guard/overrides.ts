/**
 * Folds what backends fold: CGI and WSGI turn every character but letters and digits into `_`, so
 * `X_Forwarded.For` arrives there as `X-Forwarded-For` does.
 */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Ways of saying "this is really another method or another target". */
export const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-method',
  'x-original-url',
  'x-original-uri',
  'x-original-host',
  'x-rewrite-url',
  'x-override-url',
  // Which part of the path is not the app's: taken off what is served (Gunicorn, for a peer on its own machine; Daphne;
  // Plack and many apps), or put in front of it (Pyramid).
  'script-name',
  'path-info',
  'x-script-name',
  'x-traversal-path',
  'daphne-root-path',
  'x-vhm-root',
]);
