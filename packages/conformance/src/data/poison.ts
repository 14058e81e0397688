import { type Resolved, sequencesOf } from '../resolve.js';
import type { Values } from './values.js';

/** Where k, v or a tensor of one number a token has the columns of a key. */
type Place = (batch: number, head: number, key: number) => number;

/** Keys at or past a sequence's length are never read, so they may be anything: NaN in k and v. */
export function poisonPastLengths(
  given: Resolved,
  tensors: readonly Values[],
  lengths: Values,
  blockTable: Values | undefined,
): void {
  for (const { data, shape } of tensors) {
    const width = shape.at(-1)!;
    const place = keyPlace(given, blockTable);
    forEachKeyPast(given, lengths, (batch, head, key) => {
      const start = place(batch, head, key) * width;
      data.fill(NaN, start, start + width);
    });
  }
}

/** The same for the factors of int8 keys or values, [B, Hkv, Lk] or paged like the keys. */
export function poisonScale(given: Resolved, { data }: Values, lengths: Values, blockTable: Values | undefined): void {
  const { Hkv, Lk } = given;
  const place: Place = blockTable ? keyPlace(given, blockTable) : (batch, head, key) => (batch * Hkv + head) * Lk + key;
  forEachKeyPast(given, lengths, (batch, head, key) => {
    data[place(batch, head, key)] = NaN;
  });
}

function forEachKeyPast(given: Resolved, lengths: Values, visit: (batch: number, head: number, key: number) => void) {
  for (const [batch, { keys }] of sequencesOf(given).entries()) {
    for (let key = lengths.data[batch]!; key < keys; key++) {
      for (let head = 0; head < given.Hkv; head++) visit(batch, head, key);
    }
  }
}

/** Rows of [B, Hkv, Lk, D], [B, Lk, Hkv, D], packed [Tk, Hkv, D] or a pool of pages. */
function keyPlace(given: Resolved, blockTable: Values | undefined): Place {
  const { Hkv, Lk, layout, pageSize } = given;
  if (pageSize !== undefined) {
    const { data, shape } = blockTable!;
    return (batch, head, key) => {
      const page = data[batch * shape[1]! + Math.floor(key / pageSize)]!;
      return (page * pageSize + (key % pageSize)) * Hkv + head;
    };
  }
  if (given.varlen !== undefined) {
    const starts = [0];
    for (const { keys } of sequencesOf(given)) starts.push(starts.at(-1)! + keys);
    return (batch, head, key) => (starts[batch]! + key) * Hkv + head;
  }
  return layout === 'bhld'
    ? (batch, head, key) => (batch * Hkv + head) * Lk + key
    : (batch, head, key) => (batch * Lk + key) * Hkv + head;
}
