import { STEP_TEXTS, stepLanguage } from './texts.ts';

/** The visible step: one dialog, whose only content of somebody else's is the provider's widget. */
export interface Dialog {
  /** Where the widget goes: in the page's own tree, for widgets look for themselves there. */
  readonly place: HTMLElement;
  readonly language: string;
  /** Shows it and takes the focus; once. Until then nobody notices it. */
  reveal(): void;
  say(what: 'loading' | 'failed' | 'working' | 'again' | ''): void;
  /** Takes it away and gives the focus back. */
  close(): void;
}

export interface DialogParts {
  /** The provider, as people know it. */
  readonly name: string;
  /** Chosen the other way; null where there is none. */
  readonly onOther: (() => void) | null;
  readonly onCancel: () => void;
}

/** Adopted, not inline: a page's `style-src 'self'` has no say in it. */
const STYLE = `:host{all:initial;position:fixed;inset:0;z-index:2147483600;display:grid;place-items:center;overflow:auto;background:#0008;color-scheme:light dark}
:host([inert]){opacity:0;pointer-events:none}
[role=dialog]{box-sizing:border-box;width:min(26rem,100% - 1rem);padding:1.25rem;font:1rem/1.5 system-ui,sans-serif;color:#1b1c1d;background:#fff;border:1px solid #6b7280;border-radius:.75rem;overflow-wrap:anywhere}
h2{margin:0;font-size:1.25rem}
p{margin:.5rem 0}
[role=status]:empty{display:none}
button{display:block;width:100%;margin:.75rem 0 0;padding:.65rem;font:inherit;font-weight:600;color:#0b57d0;background:none;border:1px solid;border-radius:.4rem;cursor:pointer}
:focus-visible{outline:3px solid #0b57d0;outline-offset:2px}
[role=dialog]:focus{outline:none}
@media (prefers-color-scheme:dark){[role=dialog]{color:#eceef0;background:#212427}button{color:#8ab4f8}:focus-visible{outline-color:#8ab4f8}}`;

export function openDialog({ name, onOther, onCancel }: DialogParts): Dialog {
  const language = stepLanguage(navigator.languages);
  const texts = STEP_TEXTS[language];
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const dialog = element('div', '', { role: 'dialog', 'aria-modal': 'true', tabindex: '-1', lang: language });
  dialog.dir = language === 'ar' ? 'rtl' : 'ltr';
  dialog.setAttribute('aria-labelledby', 'title');
  dialog.setAttribute('aria-describedby', 'why');
  const status = element('p', '', { role: 'status' });
  const other = button(texts.other, onOther);
  dialog.append(
    element('h2', texts.title, { id: 'title' }),
    element('p', texts.why.replace('{name}', name), { id: 'why' }),
    document.createElement('slot'),
    status,
    ...(onOther ? [other] : []),
    button(texts.cancel, onCancel),
  );
  root.append(dialog);
  host.addEventListener('keydown', (event) => {
    // What the app has bound to keys is not meant while this is open.
    event.stopPropagation();
    if (event.key === 'Escape') onCancel();
  });
  const place = document.createElement('div');
  host.append(place);
  host.inert = true;
  // A modal dialog of the app's makes all else inert: then only what is inside it can be reached.
  const parent = [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;
  parent.append(host);

  let leave = (): void => {};
  return {
    place,
    language,
    reveal() {
      if (!host.inert) return;
      host.inert = false;
      leave = keepOthersOut(host, parent);
      dialog.focus({ preventScroll: true });
    },
    say(what) {
      status.textContent = what && texts[what];
      // While the device calculates there is nothing to choose but to stop.
      other.hidden = place.hidden = what === 'working';
    },
    close() {
      host.remove();
      leave();
    },
  };
}

/** A widget may put its task beside the dialog later: that stays within reach. What was there before does not. */
function keepOthersOut(host: Element, parent: Element): () => void {
  const before = document.activeElement;
  const shut = [...parent.children].filter(
    (child): child is HTMLElement => child instanceof HTMLElement && child !== host && !child.inert,
  );
  for (const child of shut) child.inert = true;
  return () => {
    for (const child of shut) child.inert = false;
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
}

function element(tag: string, text: string, attributes: Readonly<Record<string, string>>): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function button(text: string, run: (() => void) | null): HTMLElement {
  const made = element('button', text, { type: 'button' });
  made.addEventListener('click', () => run?.());
  return made;
}
