export interface Post {
  id: number;
  title: string;
  text: string;
  created: string;
  imageVersion: number;
}

export async function listPosts(): Promise<Post[]> {
  return (await call('/api/posts')).json();
}

export async function createPost(title: string, text: string): Promise<Post> {
  return (await callJson('/api/posts', { title, text })).json();
}

export async function deletePost(id: number): Promise<void> {
  await call(`/api/posts/${id}`, { method: 'DELETE' });
}

/** Uploads a picture. `onProgress` hears the share that has been sent, 0 to 1. */
export function uploadImage(id: number, file: File, onProgress: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/posts/${id}/image`);
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Error(messageOf(request.responseText, request.status)));
    request.onerror = () => reject(new Error('The picture could not be sent.'));
    const form = new FormData();
    form.append('image', file);
    request.send(form);
  });
}

/** What a post says of itself when it is opened. */
export interface Details extends Post {
  words: number;
}

/** Opens a post. Which posts there are is asked once more where the server says that this one was never shown. */
export async function readPost(id: number): Promise<Details> {
  try {
    return await (await call(`/api/posts/${id}`)).json();
  } catch (error) {
    if (!(error instanceof CallError) || !error.retryable) throw error;
    await listPosts();
    return (await call(`/api/posts/${id}`)).json();
  }
}

export async function searchPosts(words: string): Promise<Post[]> {
  return (await call(`/api/search?words=${encodeURIComponent(words)}`)).json();
}

export interface Quote {
  post: number;
  title: string;
  price: string;
}

export async function quotePrint(post: number): Promise<Quote> {
  return (await callJson('/api/prints', { post })).json();
}

export async function orderPrint(post: number): Promise<{ number: number; title: string }> {
  return (await callJson('/api/prints/order', { post })).json();
}

/** Asks about the posts; `onWord` hears the answer as it comes. */
export async function ask(question: string, onWord: (word: string) => void): Promise<void> {
  const response = await callJson('/api/ask', { question });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    const events = (rest + part.value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const { word } = JSON.parse(event.slice('data: '.length));
      if (word !== undefined) onWord(word);
    }
  }
}

/** A call that was not answered as hoped, with a sentence for people. */
export class CallError extends Error {
  readonly status: number;
  /** Whether the same call may do later, or after the list was asked for again. */
  readonly retryable: boolean;
  /** Seconds to wait; 0 where nobody said. */
  readonly wait: number;

  constructor(message: string, status: number, retryable: boolean, wait: number) {
    super(message);
    this.status = status;
    this.retryable = retryable;
    this.wait = wait;
  }
}

function callJson(address: string, body: object): Promise<Response> {
  return call(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function call(address: string, options?: RequestInit): Promise<Response> {
  const response = await fetch(address, options);
  if (response.ok) return response;
  const body = await response.text();
  const wait = Number(response.headers.get('retry-after')) || 0;
  throw new CallError(messageOf(body, response.status) + inWords(wait), response.status, isRetryable(body), wait);
}

function inWords(seconds: number): string {
  if (seconds === 0) return '';
  const minutes = Math.ceil(seconds / 60);
  return seconds < 90 ? ` It may work in ${seconds} s.` : ` It may work in ${minutes} minutes.`;
}

function isRetryable(body: string): boolean {
  try {
    return JSON.parse(body).retryable === true;
  } catch {
    return false;
  }
}

function messageOf(body: string, status: number): string {
  try {
    const { message, detail, title } = JSON.parse(body);
    return message ?? detail ?? title ?? `The server answered ${status}.`;
  } catch {
    return `The server answered ${status}.`;
  }
}
