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
