/** @import { Tensor } from '@fa-metal/core' */

/**
 * A dense float32 tensor over given values, or of zeros.
 *
 * @param {readonly number[]} shape
 * @param {Float32Array} [data]
 * @returns {Tensor & { data: Float32Array }}
 */
export function float32(shape, data = new Float32Array(shape.reduce((product, size) => product * size, 1))) {
  return { data, shape: [...shape], dtype: 'float32' };
}

/**
 * Rows [from, to) of the axis of positions: axis 2 of [B, H, L, D], and of [B, H, L].
 *
 * @param {Tensor} tensor
 * @param {number} from
 * @param {number} to
 */
export function slice({ data, shape }, from, to) {
  const [batch = 0, heads = 0, length = 0, width = 1] = shape;
  const part = float32([batch, heads, to - from, ...shape.slice(3)]);
  for (let head = 0; head < batch * heads; head++) {
    const rows = /** @type {Float32Array} */ (data).subarray(
      (head * length + from) * width,
      (head * length + to) * width,
    );
    part.data.set(rows, head * (to - from) * width);
  }
  return part;
}

/**
 * The reverse of cutting a tensor by `slice`.
 *
 * @param {readonly Tensor[]} parts
 */
export function join(parts) {
  const [batch = 0, heads = 0, , ...rest] = parts[0]?.shape ?? [];
  const length = parts.reduce((sum, { shape }) => sum + (shape[2] ?? 0), 0);
  const [width = 1] = rest;
  const whole = float32([batch, heads, length, ...rest]);
  let from = 0;
  for (const { data, shape } of parts) {
    const own = shape[2] ?? 0;
    for (let head = 0; head < batch * heads; head++) {
      const rows = /** @type {Float32Array} */ (data).subarray(head * own * width, (head + 1) * own * width);
      whole.data.set(rows, (head * length + from) * width);
    }
    from += own;
  }
  return whole;
}

/**
 * @param {Tensor} sum
 * @param {Tensor} term
 */
export function addTo({ data: sum }, { data: term }) {
  const [sums, terms] = /** @type {[Float32Array, Float32Array]} */ ([sum, term]);
  for (let i = 0; i < sums.length; i++) sums[i] = /** @type {number} */ (sums[i]) + /** @type {number} */ (terms[i]);
}
