import { accuracyBound, largestError, mismatch } from '@fa-metal/conformance';
import { naiveAttention, naiveAttentionBackward } from '@fa-metal/reference';
import { describe, expect, test } from 'vitest';
import { type GoldCase, goldCases, readGoldProblem } from '../../reference/test-support/vectors.js';
import { type Device, loadLibrary, openDeviceSync } from '../src/index.js';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { collect, dealOut } from './gold-dropout.js';
import { openSoftwareDevice } from './metal-adapters.js';

const missing = await whyNoSoftwareDevice();
const vectors = goldCases.filter(({ dropout_p }) => dropout_p !== undefined);

interface Way {
  name: string;
  open(): Device;
  kernels: { forward?: string; backward?: string };
}

const ways: Way[] = [
  ...loadLibrary()
    .addon.instructionSets()
    .map((isa) => ({ name: isa, open: () => openDeviceSync({ backend: 'cpu', isa }), kernels: {} })),
  ...(missing
    ? []
    : [
        { name: 'metal', open: () => openSoftwareDevice('apple9'), kernels: {} },
        {
          name: 'metal, kernels for many rows',
          open: () => openSoftwareDevice('apple9'),
          kernels: { forward: 'metal-forward', backward: 'metal-backward' },
        },
      ]),
];

function resultsOf(gold: GoldCase, device: Device, { forward, backward }: Way['kernels']) {
  const read = readGoldProblem(gold);
  const call = dealOut(read);
  const { q, k, v, dOut, dLse, options } = call;
  const result = device.attentionSync(q, k, v, { ...options, ...(forward && { kernel: forward }) });
  const gradients = device.attentionBackwardSync(
    { q, k, v, ...result, dOut, ...(dLse && { dLse }) },
    { ...options, ...(backward && { kernel: backward }) },
  );
  return collect(call, { ...result, ...gradients }, read.problem.options?.bias?.shape);
}

/** How far the plain implementation, ours or that of the vectors, is from the vector. */
function plainErrors(gold: GoldCase): Record<string, number> {
  const { problem, outputGradients, expected, plainErrors: measured } = readGoldProblem(gold);
  const plain: Record<string, { data: ArrayLike<number> }> = {
    ...naiveAttention(problem, 'float32'),
    ...naiveAttentionBackward(problem, outputGradients!, 'float32'),
  };
  const errors = Object.entries(expected).map(([name, { data }]) => {
    return [name, Math.max(measured[name] ?? 0, largestError(plain[name]!.data, data))];
  });
  return Object.fromEntries(errors);
}

describe.each(ways)('gold vectors with a dropout mask, by the dropout of $name', ({ open, kernels }) => {
  test.each(vectors)(
    '$id',
    (gold) => {
      const device = open();
      const results = resultsOf(gold, device, kernels);
      device.close();
      const errors = plainErrors(gold);
      const { expected } = readGoldProblem(gold);
      expect(Object.keys(results).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, { data, shape }] of Object.entries(expected)) {
        const factor = name === 'out' || name === 'lse' ? 2 : 3;
        const bound = accuracyBound({ dtype: 'float32', reference: data, naiveError: errors[name]!, factor });
        expect(mismatch(results[name]!, { name, shape, dtype: 'float32', values: data, bound })).toBeUndefined();
      }
    },
    300_000,
  );
});

test.skipIf(missing)(`the Metal backend ran too${missing && ` (${missing})`}`, () => {
  expect(vectors).toHaveLength(4);
  expect(ways.map(({ name }) => name)).toContain('metal');
});
