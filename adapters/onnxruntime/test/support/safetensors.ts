import { readFileSync } from 'node:fs';
import { ort } from './host.js';

const types = {
  F64: ['float64', Float64Array],
  F32: ['float32', Float32Array],
  I64: ['int64', BigInt64Array],
  BOOL: ['bool', Uint8Array],
} as const;

interface Entry {
  dtype: keyof typeof types;
  shape: number[];
  data_offsets: [number, number];
}

/** Tensors of a .safetensors file: length of the header in 8 bytes, the header as JSON, data. */
export function readSafetensors(path: string): Map<string, InstanceType<typeof ort.Tensor>> {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: _, ...entries } = JSON.parse(file.toString('utf8', 8, start)) as Record<string, Entry>;
  return new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const [type, ArrayType] = types[dtype];
        // A copy is aligned for its elements, which the file does not promise.
        const data = new ArrayType(Uint8Array.from(file.subarray(start + from, start + to)).buffer);
        return [name, new ort.Tensor(type as 'float32', data as Float32Array, shape)];
      },
    ),
  );
}
