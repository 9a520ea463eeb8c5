import express, { type Router } from 'express';

/** A page with a form that works without scripts, and where it is sent. Reports are counted and forgotten. */
export function reports(): { readonly page: Router; readonly api: Router } {
  let count = 0;
  const page = express.Router();
  page.get('/report', (_request, response) => {
    response.set('Cache-Control', 'no-store').send(formPage(''));
  });
  const api = express.Router();
  api.post('/reports', express.urlencoded({ extended: false, limit: '16kb' }), (request, response) => {
    const text = String(request.body?.text ?? '')
      .trim()
      .slice(0, 2000);
    response.set('Cache-Control', 'no-store');
    if (text === '') {
      response.status(400).send(formPage('Please say what is wrong.'));
      return;
    }
    count += 1;
    response.send(formPage(`Thank you. This was report ${count}.`));
  });
  return { page, api };
}

const formPage = (message: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Report a post</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 32rem; margin: 0 auto; padding: 1.5rem }
  form { display: grid; gap: .8rem }
  textarea, button { padding: .55rem .7rem; border: 1px solid #8888; border-radius: .5rem; font: inherit }
  button { justify-self: start; color: #fff; background: #2f6354; cursor: pointer }
</style>
</head>
<body>
<h1>Report a post</h1>
${message === '' ? '' : `<p role="status">${message}</p>`}
<form method="post" action="/api/reports">
  <label for="text">Which one, and what is wrong with it?</label>
  <textarea id="text" name="text" rows="4" maxlength="2000" required></textarea>
  <button>Send</button>
</form>
<p><a href="/">Back to the posts</a></p>
</body>
</html>
`;
