/** Families that figures are kept by; enough to see that one browser is hit harder than the others. */
export type Family = 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'other browser' | 'program';

/** Browser family that a User-Agent claims. For people's eyes: nothing is decided by it. */
export function familyOf(userAgent: string): Family {
  const found = known.get(userAgent);
  if (found !== undefined) return found;
  const family = classify(userAgent);
  if (known.size < MAX_KNOWN && userAgent.length < 256) known.set(userAgent, family);
  return family;
}

/** What a User-Agent says besides versions, which change by themselves: family and platform, or a program's name. */
export function agentOf(userAgent: string): string {
  const family = familyOf(userAgent);
  if (family === 'program') return `program ${(/^[^\s/;(]*/.exec(userAgent)?.[0] ?? '').toLowerCase()}`;
  return `${family} ${PLATFORMS.find((platform) => platform.test(userAgent))?.source ?? ''}`;
}

/** Android and ChromeOS name Linux as well. */
const PLATFORMS = [/Android/, /CrOS/, /iPhone|iPad|iPod/, /Windows/, /Macintosh/, /Linux|X11/];

/** Brands of `Sec-CH-UA`, without their versions and without the one that browsers invent to keep parsers honest. */
export function brandsOf(secChUa: string): string {
  const names = [...secChUa.matchAll(/"([^"]*)"\s*;\s*v=/g)].map(([, name = '']) => name);
  return names
    .filter((name) => !/not[^a-z]?a[^a-z]?brand/i.test(name))
    .sort()
    .join(', ');
}

/** The first language of `Accept-Language`, without its region: browsers shorten the rest as they see fit. */
export function languageOf(acceptLanguage: string): string {
  return (/^\s*([a-z]{1,8})/i.exec(acceptLanguage)?.[1] ?? '').toLowerCase();
}

const MAX_KNOWN = 512;
const known = new Map<string, Family>();

function classify(userAgent: string): Family {
  if (!userAgent.startsWith('Mozilla/')) return 'program';
  if (/\bEdg(?:e|A|iOS)?\//.test(userAgent)) return 'Edge';
  if (/\b(?:Firefox|FxiOS)\//.test(userAgent)) return 'Firefox';
  if (/\b(?:HeadlessChrome|Chrome|Chromium|CriOS)\//.test(userAgent)) return 'Chrome';
  if (/\bSafari\//.test(userAgent)) return 'Safari';
  return 'other browser';
}
