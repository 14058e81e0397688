// argv: folders of two installed copies, each with its own file of the native binary, on one onnxruntime-node.
const path = require('node:path');
const { create, feeds } = require('./attention.cjs');

async function main(folders) {
  const copies = folders.map((folder) => require(path.join(folder, 'dist/index.cjs')));
  const registrations = [...copies, ...copies].map((copy) => copy.register());
  const session = await create();
  const { Y } = await session.run(feeds(8));
  return {
    versions: registrations.map(({ info }) => info.onnxruntime),
    providers: registrations.map((one) => one.assignment(session).map(({ provider }) => provider)),
    length: Y.data.length,
  };
}

main(process.argv.slice(2)).then((result) => console.log(JSON.stringify(result)));
