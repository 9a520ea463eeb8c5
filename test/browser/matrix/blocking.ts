/**
 * Filters of the kind that lists against advertising and tracking are made of, by path names alone; our own words, in
 * the syntax of such lists. What they block on a page is lost to it: no address of the gate may sound like one of these.
 */
export const FILTERS = [
  '/ad/*',
  '/ads/*',
  '/adserver/*',
  '-banner-ad.',
  '/advert*/',
  '/affiliate/*',
  '/analytics.',
  '/analytics/*',
  '/beacon.',
  '/beacon/*',
  '/beacon?',
  '/collect?',
  '/collector/*',
  '/click-track',
  '/cookie-consent/*',
  '/counter.js',
  '/device-id/*',
  '/event-log/*',
  '/events/track',
  '/fingerprint',
  '/fp.js',
  '/gtag/*',
  '/hit.gif?',
  '/impression/*',
  '/log-event?',
  '/metrics/*',
  '/pageview',
  '/ping?',
  '/pixel.',
  '/pixel/*',
  '/stats.js',
  '/stats/*',
  '/telemetry',
  '/track.',
  '/track/*',
  '/track?',
  '/tracker',
  '/tracking',
  '/user-id/*',
  '/visit.js',
  '/visitor',
  '_tracking_',
  '&utm_',
  '||ads.',
  '^session-id^',
] as const;

/** Whether a filter takes an address: `*` is anything, `^` a separator or the end, `||` the start of a name. */
export function isBlocked(url: string, filters: readonly string[] = FILTERS): boolean {
  return filters.some((filter) => toPattern(filter).test(url));
}

function toPattern(filter: string): RegExp {
  const body = filter
    .replace(/^\|\|/, '')
    .replace(/[.+?${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('^', '(?:[^\\w.%-]|$)');
  return new RegExp(filter.startsWith('||') ? `^[a-z]+://(?:[^/]+\\.)?${body}` : body, 'i');
}
