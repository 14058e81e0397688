// argv: entry point, then `together` (the main thread trains while two workers do) or `worker-first` (the main thread
// starts only when the workers, the only ones to have loaded the binary, are gone).
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const train = require('./train.cjs');

function trainHere(entry) {
  const tf = require(process.env.TFJS_NODE);
  const copy = require(entry);
  copy.register(tf);
  return { route: copy.info().route, losses: train(tf, copy, 20) };
}

function trainInWorker(entry) {
  return new Promise((resolve, reject) => {
    let result;
    const worker = new Worker(__filename, { workerData: entry });
    worker.on('message', (message) => (result = message));
    worker.on('error', reject);
    worker.on('exit', () => resolve(result));
  });
}

async function main([entry, order]) {
  require(process.env.TFJS_NODE); // stays loaded: tfjs-node itself does not survive being unloaded
  if (order === 'worker-first') {
    const results = [await trainInWorker(entry), await trainInWorker(entry)];
    return [...results, trainHere(entry)];
  }
  const workers = [trainInWorker(entry), trainInWorker(entry)];
  const here = [trainHere(entry), trainHere(entry)];
  return [...here, ...(await Promise.all(workers))];
}

if (isMainThread) main(process.argv.slice(2)).then((results) => console.log(JSON.stringify(results)));
else parentPort.postMessage(trainHere(workerData));
