/** What a page is asked to do. */
export interface Turn {
  /** Names what this visit writes: no other visit has the same. */
  readonly name: string;
  /** Whether it asks the paid question too. */
  readonly asks: boolean;
  /** How often each thing is tried until it works. */
  readonly tries: number;
}

/** What a visitor saw. */
export interface Seen {
  /** Codes of the refusals that the page's own code was handed. */
  readonly refusals: readonly string[];
  /** Sentences of things that went wrong, for people to read. */
  readonly problems: readonly string[];
  /** The same, of things that worked when they were done again. */
  readonly failures: readonly string[];
}

/** Runs in the page, before anything of it: keeps what the gate's script tells the app of refusals, and errors that nobody caught. */
export function listen(): void {
  const refusals: string[] = [];
  const problems: string[] = [];
  Reflect.set(window, Symbol.for('matrix'), { refusals, problems });
  addEventListener('sallyport-refusal', (event) => {
    if (event instanceof CustomEvent) refusals.push(String(event.detail.code));
  });
  addEventListener('error', ({ message }) => problems.push(message));
  addEventListener('unhandledrejection', ({ reason }) => problems.push(String(reason)));
}

/**
 * Runs in the page, and uses the app as a visitor would: looks at the pictures, opens a post, searches, sees a price,
 * says something, writes a post and takes it away again. Resolves once all of it can be seen, or when something cannot.
 */
export async function visit({ name, asks, tries }: Turn): Promise<Seen> {
  const one = <Kind extends Element>(selector: string, kind: new () => Kind): Kind => {
    const found = document.querySelector(selector);
    if (!(found instanceof kind)) throw new Error(`${selector} is missing`);
    return found;
  };
  const textOf = (selector: string) => document.querySelector(selector)?.textContent ?? '';
  /** Problems of earlier tries. */
  const known = new Set<Element>();
  const patience = tries > 1 ? 5_000 : 60_000;
  const seen = async (what: string, holds: () => boolean): Promise<void> => {
    for (const end = performance.now() + patience; !holds(); ) {
      const problem = [...document.querySelectorAll('.problem')].find((each) => !known.has(each));
      if (problem) throw new Error(`${what}: ${problem.textContent}`);
      if (performance.now() > end) throw new Error(`${what}: never came`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const click = (selector: string) => one(selector, HTMLButtonElement).click();
  /** React hears only of values that are set by the element's own setter. */
  const fill = (selector: string, value: string) => {
    const field = one(selector, HTMLInputElement);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, value);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const choose = (selector: string, value: string) => {
    const field = one(selector, HTMLSelectElement);
    field.value = value;
    field.dispatchEvent(new Event('change', { bubbles: true }));
  };

  const steps: Readonly<Record<string, () => Promise<void>>> = {
    async pictures() {
      // Those of posts that nobody deletes: of others the list may be older than their end.
      const shown = () => [
        ...document.querySelectorAll<HTMLImageElement>('li.post:is([data-post="1"], [data-post="2"]) img'),
      ];
      const isBroken = ({ complete, naturalWidth }: HTMLImageElement) => complete && naturalWidth === 0;
      await seen('pictures', () => {
        // A browser does not try again by itself: whoever wants to see it loads the page again, at once.
        if (tries > 1 && shown().some(isBroken)) throw new Error('a picture is broken');
        return shown().length === 2 && shown().every(({ complete, naturalWidth }) => complete && naturalWidth > 0);
      });
    },
    async open() {
      const card = 'li.post[data-post="1"]';
      click(`${card} button[aria-label^=Details]`);
      await seen('an opened post', () => /number 1$/.test(textOf(`${card} .empty`)));
    },
    async search() {
      fill('input[name=words]', 'bread');
      await seen('words', () => !one('.search button', HTMLButtonElement).disabled);
      click('.search button');
      await seen('what was found', () => /Bread on Sundays/.test(textOf('.found')));
    },
    async price() {
      // The first of the list may be somebody else's, who deletes it in this moment.
      choose('.prints select', '1');
      click('.prints button');
      await seen('a price', () => /EUR/.test(textOf('.prints .row')));
    },
    async chat() {
      await seen('the chat', () => !one('.chat button', HTMLButtonElement).disabled);
      fill('input[name=message]', name);
      click('.chat button');
      await seen('what was said', () => textOf('.lines').includes(name));
    },
    async write() {
      const remove = `li.post button[aria-label="Delete ${name}"]:enabled`;
      const written = () => document.querySelectorAll(remove).length;
      // Nobody writes again what has arrived, whatever was said of it.
      if (written() === 0) {
        fill('input[name=title]', name);
        click('.composer button[type=submit]');
      }
      await seen('the post', () => written() > 0);
      for (let left = written(); left > 0; left = written()) {
        click(remove);
        await seen(
          'its end',
          () =>
            document.querySelector(`li.post button[aria-label="Delete ${name}"]:disabled`) === null && written() < left,
        );
      }
    },
    async ask() {
      if (!asks) return;
      fill('input[name=question]', 'What is said about bread?');
      click('.assistant button');
      await seen('the answer', () => /is heat\./.test(textOf('.answer')));
      await seen('its end', () => document.querySelector('.assistant button:disabled') === null);
    },
  };

  const heard: Seen = Reflect.get(window, Symbol.for('matrix'));
  const problems: string[] = [];
  const failures: string[] = [];
  for (const step of Object.values(steps)) {
    for (let left = tries; left > 0 && problems.length === 0; left--) {
      try {
        await step();
        break;
      } catch (error) {
        const message = error instanceof Error ? error.message : 'something that is no error was thrown';
        (left > 1 ? failures : problems).push(message);
        for (const each of document.querySelectorAll('.problem')) known.add(each);
      }
    }
  }
  return { refusals: heard.refusals, problems: [...heard.problems, ...problems], failures };
}
