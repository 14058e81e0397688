// argv: folder of an installed copy. There is no onnxruntime-node here: the working folder was changed before it is looked for.
const path = require('node:path');
const [folder] = process.argv.slice(2);
process.chdir(folder);
const { register } = require(path.join(folder, 'dist/index.cjs'));
try {
  register();
} catch ({ code, message }) {
  console.log(JSON.stringify({ code, message }));
}
