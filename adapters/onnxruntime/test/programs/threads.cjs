// argv: folder of an installed copy, intraOpNumThreads. Prints how many threads the process had before a session, with it
// and after runs, and the results' bits.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { ort, create, feeds } = require('./attention.cjs');

const threads = () => fs.readdirSync('/proc/self/task').length;

async function main([folder, intraOpNumThreads]) {
  require(path.join(folder, 'dist/index.cjs')).register();
  await (await create()).release(); // Node's own workers start here
  const before = threads();
  const session = await create(ort.InferenceSession, { intraOpNumThreads: Number(intraOpNumThreads) });
  const created = threads();
  const hash = createHash('sha256');
  for (const length of [700, 64, 700]) hash.update((await session.run(feeds(length))).Y.data);
  console.log(JSON.stringify({ sessions: created - before, ours: threads() - created, bits: hash.digest('hex') }));
}

main(process.argv.slice(2));
