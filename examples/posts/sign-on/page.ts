/** The provider's login page. */
export const loginPage = (title: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { display: grid; place-content: center; min-height: 90vh; margin: 0 }
  form { display: grid; gap: .8rem; width: min(20rem, 90vw) }
  h1 { margin: 0; font-size: 1.4rem }
  p { margin: 0; opacity: .75 }
  label { display: grid; gap: .25rem }
  input, button { padding: .55rem .7rem; border: 1px solid #8888; border-radius: .5rem; font: inherit }
  button { color: #fff; background: #2f6354; cursor: pointer }
</style>
<form method="post">
  <h1>${title}</h1>
  <p>An OpenID provider that belongs to the demo. It takes any name, and asks for no password.</p>
  <label>Name <input name="name" autocomplete="username" autocapitalize="none" maxlength="30" required autofocus></label>
  <button>Go on</button>
</form>
</html>
`;
