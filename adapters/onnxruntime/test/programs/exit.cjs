// argv: folder of an installed copy, and how to end: `open` with a session that was not released, `running` by
// process.exit in the middle of a run.
const path = require('node:path');
const { create, feeds } = require('./attention.cjs');

async function main([folder, how]) {
  require(path.join(folder, 'dist/index.cjs')).register();
  const session = await create();
  await session.run(feeds(16));
  if (how === 'open') return;
  session.run(feeds(4096));
  setTimeout(() => process.exit(0), 20);
}

main(process.argv.slice(2));
