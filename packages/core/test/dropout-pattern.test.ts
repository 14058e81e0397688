import { describe, expect, it } from 'vitest';
import {
  type AttentionOptions,
  type Device,
  dropoutMask,
  loadLibrary,
  openDeviceSync,
  type Tensor,
} from '../src/index.js';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { openSoftwareDevice } from './metal-adapters.js';

const missing = await whyNoSoftwareDevice();
const kernelsOf = (isa: string) => ({ name: isa, open: () => openDeviceSync({ backend: 'cpu', isa, threads: 2 }) });
const ways: { name: string; open(): Device }[] = [
  ...loadLibrary().addon.instructionSets().map(kernelsOf),
  ...(missing ? [] : [{ name: 'metal', open: () => openSoftwareDevice('apple9') }]),
];

const [B, H, Lq, Lk, D] = [2, 3, 53, 131, 8];
const dropout = { rate: 0.3, seed: 0xfedcba9876543210n };
const zeros = (shape: number[]): Tensor => ({
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  shape,
  dtype: 'float32',
});

/** Rows that are 1 in the column of their key, and 0 elsewhere. */
function unitRows(shape: number[], keyOf: (row: number) => number): Tensor {
  const v = zeros(shape);
  const width = shape.at(-1) as number;
  const data = v.data as Float32Array;
  for (let row = 0; row < data.length / width; row++) data[row * width + keyOf(row)] = 1;
  return v;
}

/** All keys weigh the same and each value names its key, so an element of out is 0 iff dropout took the pair. */
const keptOf = ({ data }: Tensor) => Uint8Array.from(data as Float32Array, (value) => Number(value !== 0));

describe.each(ways)('the keep pattern of $name is dropoutMask', ({ open }) => {
  const device = open();
  const mask = dropoutMask({ ...dropout, shape: [B, H, Lq, Lk] }).data as Uint8Array;

  it('in bhld', () => {
    const v = unitRows([B, H, Lk, Lk], (row) => row % Lk);
    const { out } = device.attentionSync(zeros([B, H, Lq, D]), zeros([B, H, Lk, D]), v, { dropout });
    expect(keptOf(out)).toEqual(mask);
  });

  it('in blhd', () => {
    const v = unitRows([B, Lk, H, Lk], (row) => Math.floor(row / H) % Lk);
    const options: AttentionOptions = { dropout, layout: 'blhd' };
    const kept = keptOf(device.attentionSync(zeros([B, Lq, H, D]), zeros([B, Lk, H, D]), v, options).out);
    const at = (b: number, i: number, h: number) => ((b * Lq + i) * H + h) * Lk;
    for (let row = 0; row < B * H * Lq; row++) {
      const [b, h, i] = [Math.floor(row / (H * Lq)), Math.floor(row / Lq) % H, row % Lq];
      expect(kept.subarray(at(b, i, h), at(b, i, h) + Lk)).toEqual(mask.subarray(row * Lk, (row + 1) * Lk));
    }
  });

  it('counted inside of each packed sequence', () => {
    const lengths = [
      { queries: 7, keys: 131 },
      { queries: 0, keys: 5 },
      { queries: 53, keys: 64 },
    ];
    const starts = (name: 'queries' | 'keys') => {
      const ends = lengths.map((_, n) => lengths.slice(0, n + 1).reduce((sum, length) => sum + length[name], 0));
      return { data: Int32Array.from([0, ...ends]), shape: [ends.length + 1], dtype: 'int32' } as const;
    };
    const [cuSeqlensQ, cuSeqlensK] = [starts('queries'), starts('keys')];
    const [tq, tk] = [cuSeqlensQ.data[3] as number, cuSeqlensK.data[3] as number];
    const keyOf = (token: number) => token - ([...cuSeqlensK.data].filter((start) => start <= token).at(-1) as number);
    const v = unitRows([tk, H, Lk], (row) => keyOf(Math.floor(row / H)));
    const options = { dropout, cuSeqlensQ, cuSeqlensK };
    const kept = keptOf(device.attentionSync(zeros([tq, H, D]), zeros([tk, H, D]), v, options).out);
    lengths.forEach(({ queries, keys }, sequence) => {
      const whole = dropoutMask({ ...dropout, shape: [3, H, 53, Lk] }).data as Uint8Array;
      for (let row = 0; row < queries * H; row++) {
        const [i, h] = [Math.floor(row / H), row % H];
        const found = (((cuSeqlensQ.data[sequence] as number) + i) * H + h) * Lk;
        const wanted = ((sequence * H + h) * 53 + i) * Lk;
        expect(kept.subarray(found, found + keys)).toEqual(whole.subarray(wanted, wanted + keys));
      }
    });
  });
});
