import { refusal } from '@fa-metal/core';
import type { CallAttributes, ScalarOptions } from '../../call.js';
import type { TensorInfo } from '../../tensorflow.js';
import { type Axes, expectDType, expectShape } from './checks.js';
import type { Sizes } from './read-sizes.js';

type Named = Map<string, TensorInfo>;

/** What tfjs's own operations cannot do. @throws FaMetalError */
export function refuseUnsupported(operation: string, { inputs, options: { kernel } }: CallAttributes): void {
  if (kernel !== undefined) {
    const expected = 'none on the composed route';
    throw refusal({ code: 'INVALID_ARGUMENT', argument: 'kernel', expected, got: `'${kernel}'` });
  }
  if (operation !== 'attentionBackward' || !inputs.includes('blockTable')) return;
  const expected = 'an option that the composed route has in its backward';
  throw refusal({ code: 'UNSUPPORTED', argument: 'blockTable', expected, got: 'blockTable' });
}

const axis = (letter: string, size?: number) => ({ letter, ...(size !== undefined && { size }) });

function check(named: Named, name: string, dtype: string, axes: Axes): void {
  const tensor = named.get(name);
  if (!tensor) return;
  const argument = name.replace(/\..*/, '');
  expectDType(argument, tensor, dtype);
  expectShape(argument, tensor, axes);
}

/** Where keys lie and how many count. @throws FaMetalError */
export function checkKeyStorage(named: Named, { B, Hkv, Lk, pageSize, storage }: Sizes): void {
  if (B < 0) {
    const got = '[0]';
    throw refusal({ code: 'SHAPE_MISMATCH', argument: 'cuSeqlensQ', expected: 'at least one element', got });
  }
  check(named, 'cuSeqlensQ', 'int32', [axis('B+1')]);
  check(named, 'cuSeqlensK', 'int32', [axis('B+1', B + 1)]);
  check(named, 'kvLengths', 'int32', [axis('B', B)]);
  const table = named.get('blockTable');
  if (table) {
    expectDType('blockTable', table, 'int32');
    if (!named.has('kvLengths')) {
      const expected = 'a tensor, because blockTable is given';
      throw refusal({ code: 'INVALID_ARGUMENT', argument: 'kvLengths', expected, got: 'none' });
    }
  }
  const pages = named.get('k')?.shape[0];
  const scales = [axis('B', B), axis('Hkv', Hkv), axis('Lk', Lk)];
  const pagedScales = [axis('pages', pages), axis('pageSize', pageSize), axis('Hkv', Hkv)];
  for (const name of ['kScale', 'vScale']) check(named, name, 'float32', storage === 'paged' ? pagedScales : scales);
}

/** @throws FaMetalError */
export function checkScoreInputs(named: Named, sizes: Sizes): void {
  const { B, Hq, storage } = sizes;
  const packed = storage === 'packed';
  checkScoreLengths(named, packed ? { ...sizes, Lq: undefined, Lk: undefined } : sizes);
  const perBatch = named.get('alibiSlopes')?.shape.length === 2 ? [axis('B', B)] : [];
  check(named, 'alibiSlopes', 'float32', [...perBatch, axis('Hq', Hq)]);
  check(named, 'sinks', 'float32', [axis('Hq', Hq)]);
}

/** Of packed sequences the longest count, once they are known. @throws FaMetalError */
export function checkScoreLengths(
  named: Named,
  { B, Hq, Lq, Lk }: { B: number; Hq: number; Lq: number | undefined; Lk: number | undefined },
): void {
  const broadcasts = true;
  const rows = [
    { ...axis('B', B), broadcasts },
    { ...axis('Hq', Hq), broadcasts },
    { ...axis('Lq', Lq), broadcasts },
    axis('Lk', Lk),
  ];
  check(named, 'mask', 'bool', rows);
  check(named, 'bias', 'float32', rows);
}

/** @throws FaMetalError */
export function checkRope(named: Named, { ropeStyle }: ScalarOptions, { B, Lq, Lk, D, storage }: Sizes): void {
  const cos = named.get('rope.cos');
  if (!cos || !ropeStyle) return; // they come together, which was checked before
  check(named, 'rope.cos', 'float32', [axis('positions'), axis('rotaryDim/2')]);
  const [positions = 0, pairs = 0] = cos.shape;
  check(named, 'rope.sin', 'float32', [axis('positions', positions), axis('rotaryDim/2', pairs)]);
  if (pairs > D / 2) {
    const expected = `rotaryDim / 2 of at most ${Math.floor(D / 2)}`;
    throw refusal({ code: 'SHAPE_MISMATCH', argument: 'rope', expected, got: String(pairs) });
  }
  const perBatch = storage === 'packed' ? [] : [axis('B', B)];
  check(named, 'rope.positionsQ', 'int32', [...perBatch, axis('Lq', Lq)]);
  check(named, 'rope.positionsK', 'int32', [...perBatch, axis('Lk', Lk)]);
}
