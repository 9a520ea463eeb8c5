// Time for the programs of restarts.test.ts: `SALLYPORT_TEST_SHIFT` is by how many milliseconds the process's clock is ahead,
// and what is sent to `test clock` by how much time goes on at once, in all threads.
let ahead = Number(process.env['SALLYPORT_TEST_SHIFT'] ?? 0);
let passed = 0;
const [wall, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
Date.now = () => wall() + ahead;
performance.now = () => monotonic() + passed;

const channel = new BroadcastChannel('test clock');
const goOn = (ms: number): void => {
  ahead += ms;
  passed += ms;
};
channel.onmessage = ({ data }) => goOn(Number(data));
channel.unref();

/** In this thread and all others. */
export function letPass(ms: number): void {
  goOn(ms);
  channel.postMessage(ms);
}
