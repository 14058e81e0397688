import { accuracyBound, type Expectation, largestError, mismatch, readValues } from '@fa-metal/conformance';
import { attention, naiveAttention } from '@fa-metal/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, openDeviceSync, type Tensor } from '../src/index.js';
import { chooseSoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';
import { randomTensor } from './random-tensor.js';

type FloatDType = 'float32' | 'float16' | 'bfloat16';

interface Decode {
  dtype: FloatDType;
  D: number;
  Dv: number;
  /** Rows of the cache that count; there are some more, and they hold NaN. */
  keys: number;
}

const queryHeads = 4;
/** More than one for a gap between heads, where that costs little time. */
const kvHeadsOf = ({ D }: Decode) => (D < 256 ? 2 : 1);
const room = 3;
const splits = [1, 2, 5, 8, 32];
const half = [64, 128, 256, 512].map((D): Decode => ({ dtype: 'float16', D, Dv: D, keys: 4096 }));
const cases: (Decode & { splits: number[] })[] = [
  ...half.map((decode) => ({ ...decode, splits })),
  { dtype: 'float16', D: 576, Dv: 512, keys: 4096, splits },
  { dtype: 'float32', D: 576, Dv: 512, keys: 4096, splits: [5] },
  { dtype: 'bfloat16', D: 128, Dv: 128, keys: 4093, splits: [5] },
  { dtype: 'float32', D: 64, Dv: 64, keys: 4093, splits: [1, 8] },
];

/** The first `keys` rows of a cache with room for some more, and NaN in the rows behind them. */
function cacheOf(decode: Decode, seed: number): Tensor {
  const { dtype, D, keys } = decode;
  const [kvHeads, capacity] = [kvHeadsOf(decode), keys + room];
  const cache = randomTensor(seed, [1, kvHeads, capacity, D], dtype);
  const data = cache.data as Float32Array | Uint16Array;
  const nan = dtype === 'float32' ? Number.NaN : 0x7fff;
  for (let head = 0; head < kvHeads; head++) data.fill(nan, (head * capacity + keys) * D, (head + 1) * capacity * D);
  return { ...cache, shape: [1, kvHeads, keys, D], strides: [kvHeads * capacity * D, capacity * D, D, 1] };
}

/** MLA's values are the first columns of its keys, in the same memory. */
function inputsOf(decode: Decode) {
  const { dtype, D, Dv, keys } = decode;
  const k = cacheOf(decode, 2);
  const v = D === Dv ? cacheOf(decode, 3) : { ...k, shape: [1, kvHeadsOf(decode), keys, Dv] };
  return { q: randomTensor(1, [1, queryHeads, 1, D], dtype), k, v };
}

/** What the contract's accuracy rule says of out and lse. */
function expectationsOf({ dtype }: Decode, inputs: Record<'q' | 'k' | 'v', Tensor>): Expectation[] {
  const numbers = ({ shape, ...tensor }: Tensor) => ({ data: readValues({ shape, ...tensor }), shape });
  const problem = { q: numbers(inputs.q), k: numbers(inputs.k), v: numbers(inputs.v) };
  const [truth, naive] = [attention(problem), naiveAttention(problem, dtype)];
  return (['out', 'lse'] as const).map((name): Expectation => {
    const { data: values, shape } = truth[name];
    const rule = { reference: values, naiveError: largestError(naive[name].data, values), factor: 2 } as const;
    const type = name === 'lse' ? 'float32' : dtype;
    return { name, shape, dtype: type, values, bound: accuracyBound({ ...rule, dtype: type }) };
  });
}

const reason = await whyNoSoftwareDevice();

describe.skipIf(reason)(`metal-decode${reason && ` (${reason})`}`, () => {
  let device: Device;

  beforeAll(() => {
    chooseSoftwareDevice();
    device = openDeviceSync({ backend: 'metal', device: 'software' });
  });
  afterAll(() => device.close());

  it.each(cases)(
    '$dtype $D/$Dv, $keys rows of a longer cache: $splits splits',
    (decode) => {
      const { q, k, v } = inputsOf(decode);
      const expected = expectationsOf(decode, { q, k, v });
      for (const count of decode.splits) {
        const { out, lse } = device.attentionSync(q, k, v, { kernel: `metal-decode@${count}` });
        expect(
          expected.map((one) => mismatch(one.name === 'out' ? out : lse, one)),
          `${count} splits`,
        ).toEqual([undefined, undefined]);
      }
    },
    300_000,
  );
});
