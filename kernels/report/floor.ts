import { elementBytes, type Variant } from './variants.js';

/** A lane's share of an 8x8 fragment in 32-bit registers: two floats, or two halves in one. */
const accumulator = 2;
const operand = (variant: Variant) => elementBytes(variant) / 2;

const writesDv = 1;
const writesDk = 2;

/**
 * Registers for the fragments that must live at the same time: accumulators, scores of one block, own rows where registers
 * hold them. 0 for kernels whose shape does not tell.
 */
export function registerFloor(variant: Variant): number {
  const { kernel, rows, block, own, pass, width, valueWidth } = variant;
  const [ofWidth, ofValues, ofBlock] = [width / 8, valueWidth / 8, block / 8];
  const held = own === 'registers' ? operand(variant) : 0;
  const perRowFragment = () => {
    switch (kernel) {
      case 'forward':
        return accumulator * (ofValues + ofBlock) + held * ofWidth;
      case 'dq':
        return accumulator * (ofWidth + 2 * ofBlock) + held * (ofWidth + ofValues);
      case 'dkv': {
        const dv = pass & writesDv ? accumulator * ofValues : 0;
        const dk = pass & writesDk ? accumulator * ofWidth : 0;
        const scores = accumulator * ofBlock * (pass & writesDk ? 2 : 1);
        return dv + dk + scores + held * (ofWidth + (pass & writesDk ? ofValues : 0));
      }
      case 'dqStored':
        return accumulator * ofWidth;
      default:
        return 0;
    }
  };
  return (rows / 8) * perRowFragment();
}

/** What kernels have beside fragments: addresses, softmax state, operands on their way (costmodel: 29 +- 11). */
const besideFragments = 30;

/** The estimate of the table. */
export function registerEstimate(variant: Variant, byPtxas: number): number {
  const floor = registerFloor(variant);
  return floor === 0 ? byPtxas : Math.max(byPtxas, floor + besideFragments);
}
