export default { title: 'Posts' };

/** Calls the API as an app does, by fetch and by XMLHttpRequest, and shows what came. */
export const Calls = {
  render() {
    const output = document.createElement('output');
    callAll().then(
      (answers) => {
        output.textContent = JSON.stringify(answers);
      },
      (fault) => {
        output.textContent = String(fault);
      },
    );
    return output;
  },
};

async function callAll() {
  const got = await fetch('/api/posts');
  const posted = await fetch('/api/posts', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'posted' }),
  });
  return [
    { status: got.status, ...(await got.json()) },
    { status: posted.status, ...(await posted.json()) },
    await byXhr('/api/posts'),
  ];
}

function byXhr(address) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.onload = () => resolve({ status: xhr.status, ...JSON.parse(xhr.responseText) });
    xhr.onerror = () => reject(new Error('the call failed'));
    xhr.open('GET', address);
    xhr.send();
  });
}
