/** What a person may do, beyond roles and scopes: parts of {@link import('./config.ts').Config}. */

/** Policies in the language Cedar. Needs the package `@cedar-policy/cedar-wasm`. */
export interface CedarConfig {
  /** The policies, or the file they stand in: `policies.cedar`. */
  policies: string;
  /** The schema, or its file: `policies.cedarschema`, `schema.json`. The policies are held to it at the start. */
  schema?: string;
  /** File with entities in Cedar's JSON form: groups, objects and what is known of them. At most 1000. */
  entities?: string;
}

export interface AuthorizationConfig {
  cedar?: CedarConfig;
}

/** The question to Cedar that stands for a route. The person is `User::"source:id"`, a key is `Key::"id"`. */
export interface CedarRouteConfig {
  /** `deletePost`, or in full `Blog::Action::"deletePost"`. */
  action: string;
  /** `Post::":id"`: `:names` of the pattern stand for what the request has there, percent-decoded. */
  resource: string;
}

/** Whose object is it? Asked of the backend, with the person's assertion, right before the call goes there. */
export interface OwnerConfig {
  /** `GET /api/posts/:id`: the object, or a list of what the person owns. `:names` are those of the route's pattern. */
  ask: string;
  /** Where in its JSON answer the owner stands: `$.author.id`, `$.editors[*]`. One that fits is enough. */
  at: string;
  /**
   * What has to stand there: the subject's `id`, its `name` (`source:id`), one of its claims by path (`$.email`), or `:id`,
   * what the request itself names, where `ask` lists what the person owns. Default `id`.
   */
  is?: string;
  /** Source that has to vouch for the person: ids of two sources may be equal and mean two people. */
  source?: string;
  /** Fields of the request that the backend gets with the question: `cookie`, `authorization`. Default none. */
  fields?: string[];
}
