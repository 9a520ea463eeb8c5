import { isId, isWord } from './segments.ts';

/**
 * Which parts of paths are names and which are parameters: by what stands there, and by how many different things do. Bounded,
 * however many paths come.
 */
export interface PathTree {
  /**
   * One request that the backend had something for.
   *
   * @param segments of its path: {@link segmentsOf}
   * @param marks of the path's segments; empty where there are none
   * @param asker what is known of the session; null where answers are not shown
   */
  add(segments: readonly string[], session: string, marks: readonly string[], asker: Asker | null): void;
  /** What has been seen, as patterns. */
  patterns(): PathPatterns;
}

/**
 * What one session was given and has asked for. What answers give and is asked for afterwards is a value. That an answer holds a
 * text says nothing by itself: people write what they like into posts, the names of routes among it.
 */
export interface Asker {
  /** Marks of what answers to this session gave. */
  readonly given: ReadonlySet<string>;
  /** Where it has been. */
  readonly asked: WeakSet<object>;
}

export interface PathPatterns {
  /** `/api/posts/:id` for `/api/posts/7`; '' for a path of no pattern. */
  of(path: string): string;
}

interface Node {
  /** Children by their text; null for none, as most have. Identifiers are all one, under `:`. */
  children: Map<string, Node> | null;
  /** Sessions that came here first, as far as that was followed, and those of them to which its text had been given. */
  first: number;
  given: number;
  /** Sessions that came here, each counted once as long as no other comes in between. */
  sessions: number;
  last: string;
  /** Requests for children that are not told apart any more. */
  spilled: number;
  /** Whether requests end here. */
  isEnd: boolean;
}

const MOST_CHILDREN = 300;
const MOST_NODES = 50_000;
const MOST_SEGMENTS = 16;
const IDS = ':';

export function createPathTree(): PathTree {
  const root = newNode();
  let nodes = 1;

  const childOf = (node: Node, name: string): Node => {
    const known = node.children?.get(name);
    if (known !== undefined) return known;
    if (name !== IDS && (childrenOf(node).size >= MOST_CHILDREN || nodes >= MOST_NODES)) {
      node.spilled += 1;
      nodes -= makeRoom(node);
      if (childrenOf(node).size >= MOST_CHILDREN || nodes >= MOST_NODES) return childOf(node, IDS);
    }
    const made = newNode();
    nodes += 1;
    node.children ??= new Map();
    node.children.set(name, made);
    return made;
  };

  return {
    add(segments, session, marks, asker) {
      let node = root;
      for (let place = 0; place < segments.length; place++) {
        node = childOf(node, segments[place] ?? '');
        const mark = marks[place] ?? '';
        if (asker !== null && mark !== '' && !asker.asked.has(node)) {
          asker.asked.add(node);
          node.first += 1;
          if (asker.given.has(mark)) node.given += 1;
        }
        if (node.last !== session) node.sessions += 1;
        node.last = session;
      }
      node.isEnd = true;
    },
    patterns: () => patternsOf(settle(root, [])),
  };
}

const TRIES = 3;

/**
 * Puts the oldest word that one session alone asked for to the identifiers. What several asked for stays, as the latest.
 * Answers with the nodes that are gone by it.
 */
function makeRoom({ children }: Node): number {
  for (let tries = 0; tries < TRIES; tries++) {
    const oldest = children?.entries().next().value;
    if (children === null || oldest === undefined) return 0;
    const [text, child] = oldest;
    children.delete(text);
    if (text === IDS || child.sessions > 1) {
      children.set(text, child);
      continue;
    }
    const ids = children.get(IDS);
    if (ids !== undefined) return absorb(ids, child);
    children.set(IDS, child);
    return 0;
  }
  return 0;
}

const newNode = (): Node => ({ children: null, first: 0, given: 0, sessions: 0, last: '', spilled: 0, isEnd: false });

const NONE: ReadonlyMap<string, Node> = new Map();

const childrenOf = ({ children }: Node): ReadonlyMap<string, Node> => children ?? NONE;

const partsOf = (path: string): string[] =>
  path
    .split('/')
    .filter((segment) => segment !== '')
    .slice(0, MOST_SEGMENTS);

/** What stands between the slashes of a path; identifiers are all one. Empty for `/`. */
export const segmentsOf = (path: string): readonly string[] =>
  // Copies: they are cut out of a log's text, and would keep all of it alive.
  partsOf(path).map((segment) => (isId(segment) ? IDS : Buffer.from(segment).toString()));

/** A tree in which it has been decided what is a parameter. */
interface Settled {
  readonly names: ReadonlyMap<string, Settled>;
  /** What stands for everything else; null where there is nothing else. */
  readonly parameter: { readonly name: string; readonly node: Settled } | null;
}

/** @param above segments over this one, as they stand in the pattern */
function settle(node: Node, above: readonly string[]): Settled {
  const words = [...childrenOf(node)].filter(([text]) => text !== IDS);
  const kept = areValues(node, words)
    ? words.filter(([text, child]) => !wasGiven(child) && standsOut(text, child, words))
    : words;
  const merged = [...childrenOf(node)].filter(([text]) => text === IDS || !kept.some(([word]) => word === text));
  const name = parameterName(
    above,
    merged.every(([text]) => text === IDS),
  );
  return {
    names: new Map(kept.map(([text, child]) => [text, settle(child, [...above, text])])),
    parameter:
      merged.length === 0
        ? null
        : { name, node: settle(joined(merged.map(([, child]) => child)), [...above, `:${name}`]) },
  };
}

const FEWEST_VALUES = 12;
const FEWEST_SLUGS = 4;
/** Of the words at one place, those that had been given. Some names of an app are asked for before anything was. */
const MOSTLY_GIVEN = 0.9;

/** Some come by links, to which nothing was given. */
const wasGiven = ({ first, given }: Node): boolean => given > 0 && 3 * given >= first;

/**
 * Whether the words at one place are values of a parameter: there are many, and new ones keep coming. The share of words seen
 * in one session alone is what the next request brings that is new (Good and Turing, 1953). Few are enough where answers gave
 * them, or most of them look like slugs.
 */
function areValues({ spilled }: Node, words: readonly (readonly [string, Node])[]): boolean {
  if (spilled > 0) return true;
  const given = words.filter(([, child]) => wasGiven(child)).length;
  if (words.length >= 2 && given >= MOSTLY_GIVEN * words.length) return true;
  const slugs = words.filter(([text]) => !isWord(text)).length;
  if (words.length >= FEWEST_SLUGS && slugs >= 0.8 * words.length) return true;
  if (words.length < FEWEST_VALUES) return false;
  const sessions = words.reduce((sum, [, child]) => sum + child.sessions, 0);
  const once = words.filter(([, { sessions: seen }]) => seen === 1).length;
  return once / sessions >= 0.01 || slugs >= 0.5 * words.length;
}

/**
 * A plain word among values that has other things below it than they have, or none, is a name of its own: `/articles/feed` beside
 * `/articles/:name/comments`. Where the values are plain words as well, it is asked for several times as often as they are.
 */
function standsOut(text: string, node: Node, words: readonly (readonly [string, Node])[]): boolean {
  const [sessions, children] = [node.sessions, childrenOf(node)];
  if (!isWord(text) || sessions < 5) return false;
  const others = words.filter(([other]) => other !== text);
  const slugs = others.filter(([other]) => !isWord(other)).length;
  const counts = others.map(([, other]) => other.sessions).toSorted((a, b) => a - b);
  const usual = counts[Math.floor(counts.length / 2)] ?? 0;
  if (slugs < 0.8 * others.length && sessions < 3 * usual) return false;
  const below = new Set(others.flatMap(([, other]) => [...childrenOf(other).keys()]));
  return children.size === 0 ? below.size > 0 : [...children.keys()].some((name) => !below.has(name));
}

function joined(nodes: readonly Node[]): Node {
  const all = newNode();
  for (const node of nodes) absorb(all, node);
  return all;
}

/** Adds all of one node to another, which is changed. Answers with the nodes that are gone by it. */
function absorb(all: Node, { first, given, sessions, spilled, isEnd, children }: Node): number {
  all.first += first;
  all.given += given;
  all.sessions += sessions;
  all.spilled += spilled;
  all.isEnd ||= isEnd;
  if (children === null) return 1;
  let gone = 1;
  all.children ??= new Map();
  for (const [text, child] of children) {
    const known = all.children.get(text);
    if (known !== undefined) gone += absorb(known, child);
    else all.children.set(text, child);
  }
  while (all.children.size > MOST_CHILDREN) {
    const made = makeRoom(all);
    if (made === 0) break;
    all.spilled += 1;
    gone += made;
  }
  return gone;
}

/** `id` where identifiers stand, else `name`; `id2` where there is an `id` already. */
function parameterName(above: readonly string[], isIds: boolean): string {
  const name = isIds ? 'id' : 'name';
  const taken = above.filter((segment) => segment.startsWith(`:${name}`)).length;
  return taken === 0 ? name : `${name}${taken + 1}`;
}

const MOST_KNOWN = 16_384;

function patternsOf(root: Settled): PathPatterns {
  let known = new Map<string, string>();
  const find = (path: string): string => {
    let node: Settled = root;
    let pattern = '';
    for (const segment of partsOf(path)) {
      const next: Settled | undefined = node.names.get(segment);
      if (next !== undefined) {
        pattern += `/${segment}`;
        node = next;
      } else if (node.parameter !== null) {
        pattern += `/:${node.parameter.name}`;
        node = node.parameter.node;
      } else return '';
    }
    return pattern === '' ? '/' : pattern;
  };
  return {
    of(path) {
      const found = known.get(path);
      if (found !== undefined) return found;
      const pattern = find(path);
      if (known.size >= MOST_KNOWN) known = new Map();
      known.set(Buffer.from(path).toString(), pattern);
      return pattern;
    },
  };
}
