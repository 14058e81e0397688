import type { PlantKind } from '../parameters.js';
import type { Resolved } from '../resolve.js';
import type { Operands } from './operands.js';
import type { Values } from './values.js';

/** Keys that no query of the first batch entry sees in a `hidden...` case. */
export function hiddenKeys({ Lk }: Pick<Resolved, 'Lk'>): number[] {
  return [...new Set([Math.floor(Lk / 3), Lk - 1])];
}

const visible: Partial<Record<PlantKind, { where: 'q' | 'k' | 'v'; value: number }>> = {
  qNaN: { where: 'q', value: NaN },
  kNaN: { where: 'k', value: NaN },
  vNaN: { where: 'v', value: NaN },
  qInf: { where: 'q', value: Infinity },
  kInf: { where: 'k', value: Infinity },
  vInf: { where: 'v', value: Infinity },
  vMinusInf: { where: 'v', value: -Infinity },
};
const hidden: Partial<Record<PlantKind, number>> = { hiddenNaN: NaN, hiddenInf: Infinity, hidden1e30: 1e30 };

interface Planted extends Operands {
  mask?: Values | undefined;
  bias?: Values | undefined;
}

/** Plants what `plant` names into data that was drawn: one element of a visible row, or whole rows behind the mask or a bias of minus infinity. */
export function plant(given: Resolved, operands: Planted): void {
  const kind = given.plant;
  if (kind === undefined) return;
  const spot = visible[kind];
  if (spot !== undefined) {
    const { where, value } = spot;
    const rows = where === 'q' ? given.Lq : given.Lk;
    const start = rowStart(given, operands[where], 0, Math.floor(rows / 2));
    operands[where].data[start + 1] = value;
  } else if (kind === 'biasNaN') {
    if (operands.bias === undefined) throw new Error('[conformance] plant: biasNaN needs a bias');
    operands.bias.data[Math.floor(operands.bias.data.length / 2)] = NaN;
  } else {
    hide(given, operands, hidden[kind]!);
  }
}

function hide(given: Resolved, { k, v, mask, bias }: Planted, value: number): void {
  const hiding = mask ?? bias;
  if (hiding === undefined) throw new Error('[conformance] plant: a hidden key needs a mask or a bias');
  const hides = mask === undefined ? -Infinity : 0;
  for (const key of hiddenKeys(given)) {
    for (let at = key; at < hiding.data.length; at += given.Lk) hiding.data[at] = hides;
    for (let b = 0; b < given.B; b++) {
      for (let h = 0; h < given.Hkv; h++) {
        for (const tensor of [k, v]) {
          const start = rowStart(given, tensor, b * given.Hkv + h, key);
          tensor.data.fill(value, start, start + tensor.shape[3]!);
        }
      }
    }
  }
}

/** Index of a row's first element; `head` counts over batch and heads. */
function rowStart({ layout }: Resolved, { shape }: Values, head: number, row: number): number {
  const width = shape[3]!;
  if (layout === 'bhld') return (head * shape[2]! + row) * width;
  const heads = shape[2]!;
  return ((Math.floor(head / heads) * shape[1]! + row) * heads + (head % heads)) * width;
}
