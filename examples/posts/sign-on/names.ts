/** The gate, as the provider knows it. */
export const GATE = { id: 'posts-gate', secret: 'no secret: this provider lives as long as the demo' };

/** A program of somebody's own, such as an app on a phone, that brings tokens. */
export const APP = { id: 'posts-app', redirect: 'http://127.0.0.1/done' };

/** Who takes the tokens. */
export const AUDIENCE = 'https://posts.example/api';
/** Two more, for trying what must not be taken: somebody else, and one whose tokens have ended when they are issued. */
export const OTHER_AUDIENCE = 'https://other.example/api';
export const ENDED_AUDIENCE = 'https://posts.example/api/ended';
