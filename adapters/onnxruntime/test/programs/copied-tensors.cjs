// argv: folder of an installed copy, queries|keys (which are 64 MB long), `fetched` to hand over the result's memory,
// `negated` for a model that makes a tensor of q first. Prints what a run holds at most, in tensors of 64 MB, beyond
// what goes in and comes out.
const path = require('node:path');
const { ort, create } = require('./attention.cjs');
const { peak, startPeak } = require('../../../../packages/core/test-support/peak.cjs');

const longRows = 2 ** 17; // of two heads of 64 floats
const tensor = (rows, value) => new ort.Tensor('float32', new Float32Array(rows * 128).fill(value), [1, 2, rows, 64]);

async function main([folder, long, ...how]) {
  require(path.join(folder, 'dist/index.cjs')).register();
  const session = await create(ort.InferenceSession, { negated: how.includes('negated') });
  const measure = async (rows) => {
    const [queries, keys] = long === 'queries' ? [rows, 8] : [8, rows];
    const feeds = { Q: tensor(queries, 1), K: tensor(keys, 1), V: tensor(keys, 3) };
    const fetches = how.includes('fetched') ? { Y: tensor(queries, 0) } : ['Y'];
    const before = startPeak();
    const { Y } = await session.run(feeds, fetches);
    const extra = peak() - before;
    return { extra, right: Y.data.length === queries * 128 && Y.data.every((y) => Math.abs(y - 3) < 1e-5) };
  };
  await measure(64); // threads, code and caches are not the tensors'
  const { extra, right } = await measure(longRows);
  const results = how.includes('fetched') || long === 'keys' ? 0 : 1;
  console.log(JSON.stringify({ copies: extra / (longRows * 512) - results, right }));
}

main(process.argv.slice(2));
