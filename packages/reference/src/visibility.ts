import type { Align, AttentionOptions, Causal, Window } from './types.js';

/** Which keys a query row sees by position. */
export interface Visibility {
  readonly causal: boolean;
  readonly window: Window;
}

/** @throws RangeError for a window side that is neither -1 nor a count */
export function readVisibility(options: AttentionOptions): Visibility {
  const window = options.window ?? { left: -1, right: -1 };
  for (const side of [window.left, window.right]) {
    if (!Number.isInteger(side) || side < -1) throw new RangeError(`window: expected integers >= -1, got ${side}`);
  }
  return { causal: (options.causal ?? 'none') !== 'none', window };
}

/**
 * The offset of the diagonal for one sequence, shared by causal, window and ALiBi.
 *
 * @param keys the sequence's key count, after kvLengths
 * @throws RangeError when `causal` and `align` disagree
 */
export function diagonalOffset(options: AttentionOptions, queries: number, keys: number): number {
  const { causal = 'none', align } = options;
  if (causal === 'none') return offsetOf('align', align ?? 'bottomRight', queries, keys);
  const offset = offsetOf('causal', causal, queries, keys);
  if (align !== undefined && offsetOf('align', align, queries, keys) !== offset) {
    throw new RangeError(`align: expected the diagonal of causal (offset ${offset}), got ${JSON.stringify(align)}`);
  }
  return offset;
}

function offsetOf(argument: string, value: Exclude<Causal, 'none'> | Align, queries: number, keys: number): number {
  if (value === 'topLeft') return 0;
  if (value === 'bottomRight') return keys - queries;
  if (typeof value === 'object' && Number.isSafeInteger(value.offset)) return value.offset;
  throw new RangeError(`${argument}: expected topLeft, bottomRight or an integer offset, got ${JSON.stringify(value)}`);
}

/**
 * Writes the visible keys of one row into `visible`, ascending.
 *
 * @param diagonal the key on the row's diagonal, `i + offset`
 * @param keys keys that may be read
 * @param isHidden what mask and bias hide from the row
 * @returns how many there are
 */
export function visibleKeys(
  { causal, window }: Visibility,
  diagonal: number,
  keys: number,
  isHidden: (key: number) => boolean,
  visible: Int32Array,
): number {
  let count = 0;
  for (let j = 0; j < keys; j++) {
    if (causal && j > diagonal) continue;
    if (window.left >= 0 && j < diagonal - window.left) continue;
    if (window.right >= 0 && j > diagonal + window.right) continue;
    if (isHidden(j)) continue;
    visible[count++] = j;
  }
  return count;
}
