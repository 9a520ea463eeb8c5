/** Calls the API as an app does, by fetch and by XMLHttpRequest, and shows what came. */
export default {
  title: 'Posts',
  render() {
    const output = document.createElement('output');
    const show = (text) => {
      output.textContent = text;
    };
    callAll().then(
      (answers) => show(JSON.stringify(answers)),
      (fault) => show(String(fault)),
    );
    return output;
  },
};

export const Calls = {};

/** The same where the mocks do not mention the gate. */
export const Unmentioned = { parameters: { gate: 'unmentioned' } };

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
