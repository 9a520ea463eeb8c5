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
  const response = await call('/api/posts', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ title, text }),
  });
  return response.json();
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

async function call(address: string, options?: RequestInit): Promise<Response> {
  const response = await fetch(address, options);
  if (!response.ok) throw new Error(messageOf(await response.text(), response.status));
  return response;
}

function messageOf(body: string, status: number): string {
  try {
    const { message, detail, title } = JSON.parse(body);
    return message ?? detail ?? title ?? `The server answered ${status}.`;
  } catch {
    return `The server answered ${status}.`;
  }
}
