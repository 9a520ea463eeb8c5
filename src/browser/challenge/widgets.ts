import type { ChallengeKind, ChallengeParameters } from '../../wire/challenge.ts';

/** The four providers' own scripts, as they document them. */
export interface Widget {
  /** As people know it. */
  readonly name: string;
  /** Query of the script's address, besides `onload`. */
  readonly query: (parameters: ChallengeParameters) => Readonly<Record<string, string>>;
  /** What the script leaves in the page; undefined until then. */
  readonly api: () => Api | undefined;
  /** Asks for a token. `place` is null where there is nothing to see. */
  readonly run: (api: Api, asked: WidgetCall) => void;
  /** Whether a person may have to do something. */
  readonly visible: boolean;
}

export interface WidgetCall {
  readonly parameters: ChallengeParameters;
  readonly place: HTMLElement | null;
  readonly language: string;
  readonly done: (token: string) => void;
  /** It did not work; the widget may try again by itself. */
  readonly failed: () => void;
  /** The person is needed. */
  readonly needed: () => void;
}

/** What of the four interfaces is used. */
interface Api {
  render(place: HTMLElement | null, options: object): unknown;
  ready(run: () => void): void;
  execute(siteKey: string, options: object): PromiseLike<string>;
}

const found = (...path: readonly string[]): Api | undefined =>
  path.reduce((object: unknown, name) => Reflect.get(Object(object), name), self) as Api | undefined;

const score = (name: string, path: readonly string[]): Widget => ({
  name,
  query: ({ siteKey }) => ({ render: `${siteKey}` }),
  api: () => found(...path),
  run(api, { parameters: { siteKey, action }, done, failed }) {
    api.ready(() => void api.execute(`${siteKey}`, { action }).then(done, failed));
  },
  visible: false,
});

export const WIDGETS: { readonly [kind in ChallengeKind]?: Widget } = {
  turnstile: {
    name: 'Cloudflare Turnstile',
    query: () => ({ render: 'explicit' }),
    api: () => found('turnstile'),
    run(api, { parameters: { siteKey, action, binding }, place, language, done, failed, needed }) {
      api.render(place, {
        sitekey: siteKey,
        action,
        cData: binding,
        language,
        appearance: 'interaction-only',
        'response-field': false,
        callback: done,
        'before-interactive-callback': needed,
        'unsupported-callback': failed,
        // True: it is dealt with here, and no exception in the page.
        'error-callback': () => {
          failed();
          return true;
        },
      });
    },
    visible: true,
  },
  hcaptcha: {
    name: 'hCaptcha',
    query: () => ({ render: 'explicit', recaptchacompat: 'off' }),
    api: () => found('hcaptcha'),
    run(api, { parameters: { siteKey }, place, language, done, failed, needed }) {
      needed();
      api.render(place, {
        sitekey: siteKey,
        hl: language,
        size: innerWidth < 400 ? 'compact' : 'normal',
        callback: done,
        'error-callback': failed,
      });
    },
    visible: true,
  },
  recaptcha: score('Google reCAPTCHA', ['grecaptcha']),
  'recaptcha-enterprise': score('Google reCAPTCHA', ['grecaptcha', 'enterprise']),
};
