// One Attention node without edits, and a call of it; shared by the programs of this folder.
const { createRequire } = require('node:module');
const path = require('node:path');

const requireHere = createRequire(path.join(process.cwd(), 'package.json'));
const ort = requireHere('onnxruntime-node');
const { onnx } = requireHere('onnx-proto');

const names = ['Q', 'K', 'V'];
const dim = ['B', 'H', 'L'].map((dimParam) => ({ dimParam }));
const value = (name) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [...dim, { dimValue: 64 }] } } } });

/** With `negated`, the node sees what another one made of Q. */
const encode = (negated) =>
  onnx.ModelProto.encode(
    onnx.ModelProto.fromObject({
      irVersion: 10,
      opsetImport: [{ domain: '', version: 23 }],
      graph: {
        name: 'graph',
        node: [
          ...(negated ? [{ opType: 'Neg', input: ['Q'], output: ['negated'] }] : []),
          { opType: 'Attention', input: [negated ? 'negated' : 'Q', 'K', 'V'], output: ['Y'] },
        ],
        input: names.map(value),
        output: [{ name: 'Y', type: { tensorType: { elemType: 1 } } }],
      },
    }),
  ).finish();

const create = (InferenceSession = ort.InferenceSession, { intraOpNumThreads = 1, negated = false } = {}) =>
  InferenceSession.create(encode(negated), { executionProviders: ['fa-metal'], intraOpNumThreads });

function feeds(length, Tensor = ort.Tensor) {
  const tensor = (seed) => {
    const data = Float32Array.from({ length: 2 * length * 64 }, (_, index) => Math.sin(seed + index));
    return new Tensor('float32', data, [1, 2, length, 64]);
  };
  return { Q: tensor(1), K: tensor(2), V: tensor(3) };
}

module.exports = { ort, create, feeds };
