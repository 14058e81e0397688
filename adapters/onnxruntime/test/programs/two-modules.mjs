// argv: folder of one installed copy, used as ES module and as CommonJS in one process, with onnxruntime-node as both.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { create, feeds } = require('./attention.cjs');
const requireHere = createRequire(join(process.cwd(), 'package.json'));
const ort = await import(pathToFileURL(requireHere.resolve('onnxruntime-node')).href);

const esm = await import(pathToFileURL(join(folder, 'dist/index.js')).href);
const cjs = require(join(folder, 'dist/index.cjs'));
const registrations = [esm.register(), cjs.register(), esm.register(ort.default), esm.register(ort)];
const lengths = [];
for (const { InferenceSession, Tensor } of [ort, ort.default, requireHere('onnxruntime-node')]) {
  const session = await create(InferenceSession);
  const { Y } = await session.run(feeds(8, Tensor));
  lengths.push(Y.data.length);
  for (const registration of registrations) registration.assignment(session);
}
console.log(JSON.stringify(lengths));
