import { readFileSync } from 'node:fs';

/** One tensor of a .safetensors file. */
export interface StoredTensor {
  readonly data: Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array;
  readonly shape: readonly number[];
}

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  I8: Int8Array,
  BOOL: Uint8Array,
} as const;

interface HeaderEntry {
  dtype: keyof typeof arrays;
  shape: number[];
  data_offsets: [number, number];
}

/** Reads a whole .safetensors file: header length (8 bytes), JSON header, data. Tensors only, no metadata. */
export function readSafetensors(path: string): Record<string, StoredTensor> {
  const file = readFileSync(path);
  const dataStart = 8 + Number(file.readBigUInt64LE(0));
  const header: Record<string, HeaderEntry> = JSON.parse(file.toString('utf8', 8, dataStart));
  delete header.__metadata__;
  const tensors: Record<string, StoredTensor> = {};
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [start, end],
    },
  ] of Object.entries(header)) {
    // The copy is aligned for its element type, which the file does not promise.
    const bytes = Uint8Array.from(file.subarray(dataStart + start, dataStart + end));
    tensors[name] = { data: new arrays[dtype](bytes.buffer), shape };
  }
  return tensors;
}
