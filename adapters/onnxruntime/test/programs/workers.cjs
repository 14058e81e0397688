// argv: folder of an installed copy. Worker threads and the main thread run sessions, together and one after the other.
const path = require('node:path');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { create, feeds } = require('./attention.cjs');

async function runHere(folder) {
  require(path.join(folder, 'dist/index.cjs')).register();
  const session = await create();
  const { Y } = await session.run(feeds(16));
  return Y.data[5];
}

function runInWorker(folder) {
  return new Promise((resolve, reject) => {
    let result;
    const worker = new Worker(__filename, { workerData: { folder, end: true } });
    worker.on('message', (message) => (result = message));
    worker.on('error', reject);
    worker.on('exit', () => resolve(result));
  });
}

/** A worker that is ended while its session runs. */
function endInTheMiddle(folder) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { folder, end: false } });
    worker.on('message', () => worker.terminate());
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

async function main([folder]) {
  const results = await Promise.all([runInWorker(folder), runInWorker(folder), runHere(folder)]);
  await endInTheMiddle(folder);
  return [...results, await runInWorker(folder), await runHere(folder)];
}

async function inWorker({ folder, end }) {
  if (end) return parentPort.postMessage(await runHere(folder));
  require(path.join(folder, 'dist/index.cjs')).register();
  const session = await create();
  const running = session.run(feeds(4096));
  parentPort.postMessage('running');
  await running;
}

if (isMainThread) main(process.argv.slice(2)).then((results) => console.log(JSON.stringify(results)));
else inWorker(workerData);
