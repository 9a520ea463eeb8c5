/**
 * Runs in the page, before anything of it: notes each use of what could tell one person's browser from another. Names of what
 * was used are in `window[Symbol.for('touched')]`, in order, with where it was used from.
 */
export function watchTouches(): void {
  const touched: string[] = [];
  Reflect.set(window, Symbol.for('touched'), touched);
  const note = (name: string) => {
    const from = new Error().stack?.split('\n').find((line) => /https?:/.test(line));
    touched.push(`${name} ${from?.trim() ?? ''}`);
  };
  const members: Readonly<Record<string, readonly string[]>> = {
    HTMLCanvasElement: ['getContext', 'toDataURL', 'toBlob', 'transferControlToOffscreen'],
    CanvasRenderingContext2D: ['getImageData', 'measureText', 'isPointInPath'],
    WebGLRenderingContext: ['getParameter', 'getExtension', 'getSupportedExtensions', 'readPixels'],
    WebGL2RenderingContext: ['getParameter', 'getExtension', 'getSupportedExtensions', 'readPixels'],
    Document: ['fonts'],
    Navigator: [
      'plugins',
      'mimeTypes',
      'hardwareConcurrency',
      'deviceMemory',
      'maxTouchPoints',
      'oscpu',
      'platform',
      'vendor',
      'userAgentData',
      'mediaDevices',
      'keyboard',
      'gpu',
      'bluetooth',
      'usb',
      'hid',
      'permissions',
      'getBattery',
      'getGamepads',
      'requestMediaKeySystemAccess',
    ],
    Screen: ['width', 'height', 'availWidth', 'availHeight', 'colorDepth', 'pixelDepth', 'orientation'],
    SpeechSynthesis: ['getVoices'],
    HTMLMediaElement: ['canPlayType'],
    HTMLElement: ['offsetWidth', 'offsetHeight'],
  };
  for (const [owner, names] of Object.entries(members)) {
    const prototype = Reflect.get(window, owner)?.prototype;
    for (const name of names) {
      const own = prototype === undefined ? undefined : Object.getOwnPropertyDescriptor(prototype, name);
      if (own === undefined) continue;
      const { get, value } = own;
      const watched = function (this: unknown, ...given: unknown[]): unknown {
        note(`${owner}.${name}`);
        return Reflect.apply(get ?? value, this, given);
      };
      Object.defineProperty(prototype, name, get === undefined ? { ...own, value: watched } : { ...own, get: watched });
    }
  }
  const made = [
    'AudioContext',
    'OfflineAudioContext',
    'OffscreenCanvas',
    'FontFace',
    'RTCPeerConnection',
    'RTCDataChannel',
    'MediaRecorder',
  ];
  for (const name of made) {
    const original = Reflect.get(window, name);
    if (typeof original !== 'function') continue;
    const construct = (target: new () => object, given: unknown[], newTarget: unknown) => {
      note(name);
      return Reflect.construct(target, given, typeof newTarget === 'function' ? newTarget : target);
    };
    Reflect.set(window, name, new Proxy(original, { construct }));
  }
  for (const name of ['localStorage', 'sessionStorage', 'queryLocalFonts', 'speechSynthesis']) {
    const own = Object.getOwnPropertyDescriptor(window, name);
    if (own?.configurable !== true) continue;
    const { get, value } = own;
    const watched = () => {
      note(name);
      return get === undefined ? value : Reflect.apply(get, window, []);
    };
    Object.defineProperty(window, name, { configurable: true, get: watched });
  }
}

/** Runs in the page: uses one of each kind, as a script would that looks for differences. */
export async function touch(): Promise<void> {
  document.createElement('canvas').getContext('2d');
  document.createElement('canvas').getContext('webgl');
  void new OfflineAudioContext(1, 1, 8000);
  void document.fonts;
  void navigator.plugins;
  void navigator.hardwareConcurrency;
  void screen.colorDepth;
  void localStorage;
  if ('getBattery' in navigator && typeof navigator.getBattery === 'function') await navigator.getBattery();
}
