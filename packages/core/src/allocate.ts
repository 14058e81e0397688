import { callNative, invalidArgument, refusal } from './errors.js';
import { dtypes } from './generated/enums.js';
import type { NativeAddon } from './native.js';
import { byteCount, isDType, isSizeList, tensorOver } from './tensor.js';
import type { DType, Tensor } from './types.js';

/** A tensor of zeros in pages of its own. */
export function allocate(addon: NativeAddon, shape: readonly number[], dtype: DType): Tensor {
  if (!isSizeList(shape)) throw invalidArgument('shape', 'whole numbers from 0', shape);
  if (!isDType(dtype)) throw invalidArgument('dtype', `one of ${dtypes.join(', ')}`, dtype);
  const bytes = byteCount(shape, dtype);
  if (!Number.isSafeInteger(bytes)) {
    throw refusal({ code: 'SIZE_OVERFLOW', argument: 'shape', expected: 'a byte count below 2^53', got: `[${shape}]` });
  }
  return tensorOver(
    callNative(() => addon.allocate(bytes)),
    shape,
    dtype,
  );
}
