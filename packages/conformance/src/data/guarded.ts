import type { DType, Tensor } from '../types.js';
import { numberFormats } from './number-formats.js';
import { elementOffsets, requiredElements, rowMajorStrides } from './tensor.js';

const guardBytes = 128;
const guardPattern = 0xa5;
/** Finite in every float format, far from any result: a result that was not written is not taken for a NaN. */
const poisonPattern = 0x7b;

export interface Placement {
  strides?: readonly number[];
  /** Elements by which the data is moved from its alignment of 64 bytes. */
  misalign?: number;
}

/** A tensor in memory of its own with guard bytes on both sides; gaps between rows are guarded too. */
export class GuardedTensor {
  readonly tensor: Tensor;
  private readonly bytes: Uint8Array;
  private expected: Uint8Array;
  private readonly start: number;

  constructor(shape: readonly number[], dtype: DType, { strides, misalign = 0 }: Placement = {}) {
    const format = numberFormats[dtype];
    const elements = requiredElements(shape, strides ?? rowMajorStrides(shape));
    this.start = guardBytes + misalign * format.bytes;
    const used = elements * format.bytes;
    // Rounded up to a whole number of the widest elements, so that any view of the buffer can be made.
    const buffer = new ArrayBuffer(Math.ceil((this.start + used + guardBytes) / 8) * 8);
    this.bytes = new Uint8Array(buffer).fill(guardPattern);
    this.expected = this.bytes;
    const data = format.view(buffer, this.start, elements);
    this.tensor = { data, shape, dtype, ...(strides === undefined ? {} : { strides }) };
  }

  /** Encodes row-major values; gaps get `gap`. */
  fill(values: ArrayLike<number>, gap = NaN): this {
    const { encode } = numberFormats[this.tensor.dtype];
    const data = this.tensor.data as Float32Array;
    const encoded = encode(values);
    if (this.tensor.strides !== undefined) data.fill(encode([gap])[0]!);
    const offsets = elementOffsets(this.tensor);
    for (let i = 0; i < offsets.length; i++) data[offsets[i]!] = encoded[i]!;
    return this.freeze();
  }

  poison(): this {
    this.bytes.fill(poisonPattern, this.start, this.start + this.tensor.data.byteLength);
    return this.freeze();
  }

  /** From here on, `changed` compares with the present bytes. */
  private freeze(): this {
    this.expected = this.bytes.slice();
    return this;
  }

  /** First byte that differs, counted from the start of the data; undefined when none does. */
  changed(): number | undefined {
    if (Buffer.compare(this.bytes, this.expected) === 0) return undefined;
    return this.bytes.findIndex((byte, index) => byte !== this.expected[index]) - this.start;
  }

  /** As `changed`, but the elements themselves may differ: for results. */
  changedAround(): number | undefined {
    const { bytes } = numberFormats[this.tensor.dtype];
    const around = this.bytes.slice();
    for (const offset of elementOffsets(this.tensor)) {
      const at = this.start + offset * bytes;
      around.set(this.expected.subarray(at, at + bytes), at);
    }
    if (Buffer.compare(around, this.expected) === 0) return undefined;
    return around.findIndex((byte, index) => byte !== this.expected[index]) - this.start;
  }
}
