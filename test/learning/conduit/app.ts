/**
 * A small blog in memory with the API of the RealWorld example apps (“Conduit”): articles, comments, tags, profiles, favourites,
 * followers. No server: a call goes in, an answer comes out.
 */
export interface Conduit {
  call(method: string, target: string, body: unknown, user: string): Answer;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

interface Article {
  readonly slug: string;
  title: string;
  description: string;
  text: string;
  readonly tags: readonly string[];
  readonly author: string;
  readonly favourites: Set<string>;
  readonly comments: Map<number, { readonly id: number; readonly body: string; readonly author: string }>;
}

const NOT_FOUND: Answer = { status: 404, body: { errors: { body: ['not found'] } } };
const NOT_LOGGED_IN: Answer = { status: 401, body: { errors: { token: ['is missing'] } } };
const TAGS = ['garden', 'bread', 'rivers', 'wood', 'letters', 'maps', 'stars', 'salt', 'bees', 'rain'];

export function createConduit(articles = 120): Conduit {
  const store = new Map<string, Article>();
  const users = new Set<string>();
  const follows = new Set<string>();
  let comment = 0;

  const create = (author: string, given: Record<string, unknown>): Article => {
    const title = String(given['title'] ?? 'untitled');
    const slug = `${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}-${store.size.toString(36)}`;
    const made = {
      slug,
      title,
      description: String(given['description'] ?? ''),
      text: String(given['body'] ?? ''),
      tags: [given['tagList'] ?? []].flat().map(String),
      author,
      favourites: new Set<string>(),
      comments: new Map(),
    };
    store.set(slug, made);
    users.add(author);
    return made;
  };
  for (let number = 0; number < articles; number++) {
    const tag = TAGS[number % TAGS.length] ?? '';
    create(`writer${number % 17}`, {
      title: `On ${tag} and what comes after ${number}`,
      body: 'Some text.',
      tagList: [tag],
    });
  }

  const profile = (name: string, viewer: string) => ({
    username: name,
    bio: null,
    image: `https://img.test/${name}.png`,
    following: follows.has(`${viewer} ${name}`),
  });
  const shown = (article: Article, viewer: string) => ({
    slug: article.slug,
    title: article.title,
    description: article.description,
    body: article.text,
    tagList: article.tags,
    createdAt: '2026-11-01T10:00:00.000Z',
    favorited: article.favourites.has(viewer),
    favoritesCount: article.favourites.size,
    author: profile(article.author, viewer),
  });
  const list = (query: URLSearchParams, viewer: string, filter: (article: Article) => boolean): Answer => {
    const all = [...store.values()].filter(filter);
    const [limit, offset] = [Number(query.get('limit') ?? 20), Number(query.get('offset') ?? 0)];
    const page = all.slice(offset, offset + limit).map((article) => shown(article, viewer));
    return { status: 200, body: { articles: page, articlesCount: all.length } };
  };
  const account = (name: string) => ({
    user: { username: name, email: `${name}@mail.test`, bio: null, image: null, token: `token-of-${name}` },
  });
  const inner = (body: unknown, name: string): Record<string, unknown> => ({ ...Object(Object(body)[name]) });

  function ofArticle(
    method: string,
    [slug = '', part = '', id = '']: readonly string[],
    body: unknown,
    user: string,
  ): Answer {
    const article = store.get(slug);
    if (article === undefined) return NOT_FOUND;
    if (method !== 'GET' && user === '') return NOT_LOGGED_IN;
    const one = (): Answer => ({ status: 200, body: { article: shown(article, user) } });
    switch (`${method} ${part}${id === '' ? '' : '/:id'}`) {
      case 'GET ':
        return one();
      case 'PUT ':
        article.text = String(inner(body, 'article')['body'] ?? article.text);
        return one();
      case 'DELETE ':
        store.delete(slug);
        return { status: 204 };
      case 'GET comments':
        return {
          status: 200,
          body: {
            comments: [...article.comments.values()].map((said) => ({ ...said, author: profile(said.author, user) })),
          },
        };
      case 'POST comments': {
        comment += 1;
        const said = { id: comment, body: String(inner(body, 'comment')['body'] ?? ''), author: user };
        article.comments.set(said.id, said);
        return { status: 200, body: { comment: { ...said, author: profile(user, user) } } };
      }
      case 'DELETE comments/:id':
        return article.comments.delete(Number(id)) ? { status: 204 } : NOT_FOUND;
      case 'POST favorite':
        article.favourites.add(user);
        return one();
      case 'DELETE favorite':
        article.favourites.delete(user);
        return one();
      default:
        return NOT_FOUND;
    }
  }

  function ofProfile(method: string, [name = '', part = '']: readonly string[], user: string): Answer {
    if (!users.has(name)) return NOT_FOUND;
    if (part === 'follow' && user === '') return NOT_LOGGED_IN;
    if (part === 'follow' && method === 'POST') follows.add(`${user} ${name}`);
    if (part === 'follow' && method === 'DELETE') follows.delete(`${user} ${name}`);
    return { status: 200, body: { profile: profile(name, user) } };
  }

  return {
    call(method, target, body, user) {
      const url = new URL(target, 'http://app.test');
      const [, , kind = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
      const query = url.searchParams;
      const at = `${method} ${[kind, ...rest].join('/')}`;
      // What nobody's page calls.
      if (at === 'GET export') return list(new URLSearchParams('limit=1000'), user, () => true);
      if (at === 'GET tags') return { status: 200, body: { tags: TAGS } };
      if (at === 'POST users' || at === 'POST users/login') {
        const name = String(inner(body, 'user')['username'] ?? inner(body, 'user')['email'] ?? '').replace(/@.*$/, '');
        users.add(name);
        return { status: at === 'POST users' ? 201 : 200, body: account(name) };
      }
      if (kind === 'user' && rest.length === 0)
        return user === '' ? NOT_LOGGED_IN : { status: 200, body: account(user) };
      if (at === 'GET articles/feed')
        return user === '' ? NOT_LOGGED_IN : list(query, user, ({ author }) => follows.has(`${user} ${author}`));
      if (at === 'GET articles') {
        const [tag, author, favourite] = [query.get('tag'), query.get('author'), query.get('favorited')];
        return list(
          query,
          user,
          (article) =>
            (tag === null || article.tags.includes(tag)) &&
            (author === null || article.author === author) &&
            (favourite === null || article.favourites.has(favourite)),
        );
      }
      if (at === 'POST articles')
        return user === ''
          ? NOT_LOGGED_IN
          : { status: 201, body: { article: shown(create(user, inner(body, 'article')), user) } };
      if (kind === 'articles') return ofArticle(method, rest, body, user);
      if (kind === 'profiles') return ofProfile(method, rest, user);
      return NOT_FOUND;
    },
  };
}
