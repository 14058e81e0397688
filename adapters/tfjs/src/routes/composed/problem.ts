import { inOperation, refusal } from '@fa-metal/core';
import type { CallAttributes } from '../../call.js';
import type { TensorInfo } from '../../tensorflow.js';
import { byName } from '../route.js';
import { type Axes, expectAtLeastOne, expectDType, expectShape } from './checks.js';

/** A call that has been checked. Sizes as the contract names them. */
export interface Problem {
  B: number;
  Hq: number;
  Hkv: number;
  Lq: number;
  Lk: number;
  D: number;
  Dv: number;
  layout: 'bhld' | 'blhd';
  scale: number;
  softcap?: number | undefined;
  /** Key j is visible to query i iff i + lo <= j <= i + hi. */
  lo: number;
  hi: number;
  /** Of the diagonal that ALiBi measures from. */
  offset: number;
}

const supported = ['q', 'k', 'v', 'mask', 'bias', 'alibiSlopes', 'sinks', 'out', 'lse', 'softmaxStats', 'dOut', 'dLse'];

/**
 * Checks sizes, dtypes and ranges with the codes and argument names of the native runtime, which this route has to do
 * without. Kinds of values were checked before.
 *
 * @throws FaMetalError
 */
export function readProblem(operation: string, tensors: readonly TensorInfo[], call: CallAttributes): Problem {
  return inOperation(operation, () => {
    refuseUnsupported(call);
    const named = byName(call.inputs, tensors);
    for (const name of ['q', 'k', 'v']) expectDType(name, named.get(name) as TensorInfo, 'float32');
    const sizes = readSizes(named, call.options.layout ?? 'bhld');
    const problem = { ...sizes, ...readScalars(call, sizes), ...readBand(call, sizes) };
    checkScoreInputs(named, problem);
    return problem;
  });
}

function readSizes(named: Map<string, TensorInfo>, layout: 'bhld' | 'blhd') {
  const order = (heads: Axes[0], length: Axes[0]) => (layout === 'bhld' ? [heads, length] : [length, heads]);
  const check = (name: string, batch: Axes[0], heads: Axes[0], length: Axes[0], width: Axes[0]) => {
    const shape = expectShape(name, named.get(name) as TensorInfo, [batch, ...order(heads, length), width]);
    const [first = 0, second = 0, third = 0, last = 0] = shape;
    return layout === 'bhld' ? ([first, second, third, last] as const) : ([first, third, second, last] as const);
  };
  const [B, Hq, Lq, D] = check('q', { letter: 'B' }, { letter: 'Hq' }, { letter: 'Lq' }, { letter: 'D' });
  const batch = { letter: 'B', size: B };
  const [, Hkv, Lk] = check('k', batch, { letter: 'Hkv' }, { letter: 'Lk' }, { letter: 'D', size: D });
  const [, , , Dv] = check('v', batch, { letter: 'Hkv', size: Hkv }, { letter: 'Lk', size: Lk }, { letter: 'Dv' });
  expectAtLeastOne('q', 'head', Hq);
  expectAtLeastOne('q', 'element in D', D);
  expectAtLeastOne('k', 'head', Hkv);
  expectAtLeastOne('v', 'element in Dv', Dv);
  if (Hq % Hkv !== 0) {
    throw refusal({ code: 'SHAPE_MISMATCH', argument: 'k', expected: `Hkv that divides Hq = ${Hq}`, got: String(Hkv) });
  }
  return { B, Hq, Hkv, Lq, Lk, D, Dv, layout };
}

function readScalars({ options }: CallAttributes, { D }: { D: number }) {
  const { scale = 1 / Math.sqrt(D), softcap } = options;
  if (!Number.isFinite(Math.fround(Math.fround(scale) * Math.LOG2E))) {
    throw refusal({
      code: 'INVALID_ARGUMENT',
      argument: 'scale',
      expected: 'a number below 2.3e38 in size',
      got: String(scale),
    });
  }
  if (softcap !== undefined && !(softcap > 0)) {
    throw refusal({
      code: 'INVALID_ARGUMENT',
      argument: 'softcap',
      expected: 'a finite number above 0',
      got: String(softcap),
    });
  }
  return { scale, softcap };
}

function readBand({ options }: CallAttributes, { Lq, Lk }: { Lq: number; Lk: number }) {
  const { causal = 'none', align, window = { left: -1, right: -1 } } = options;
  const resolve = (where: typeof align) =>
    where === 'topLeft' ? 0 : typeof where === 'object' ? where.offset : Lk - Lq;
  const offset = resolve(causal === 'none' ? align : causal);
  if (align !== undefined && resolve(align) !== offset) {
    throw refusal({
      code: 'INVALID_ARGUMENT',
      argument: 'align',
      expected: `the offset of causal, ${offset}`,
      got: String(resolve(align)),
    });
  }
  const { left, right } = window;
  if (left < -1 || right < -1) {
    throw refusal({
      code: 'INVALID_ARGUMENT',
      argument: 'window',
      expected: 'left and right of -1 or more',
      got: `left ${left}, right ${right}`,
    });
  }
  const rightReach = causal !== 'none' ? 0 : right;
  return { offset, lo: left < 0 ? -Infinity : offset - left, hi: rightReach < 0 ? Infinity : offset + rightReach };
}

function checkScoreInputs(named: Map<string, TensorInfo>, { B, Hq, Lq, Lk }: Problem): void {
  const rows: Axes = [
    { letter: 'B', size: B, broadcasts: true },
    { letter: 'Hq', size: Hq, broadcasts: true },
    { letter: 'Lq', size: Lq, broadcasts: true },
    { letter: 'Lk', size: Lk },
  ];
  const check = (name: string, dtype: string, axes: Axes) => {
    const tensor = named.get(name);
    if (!tensor) return;
    expectDType(name, tensor, dtype);
    expectShape(name, tensor, axes);
  };
  check('mask', 'bool', rows);
  check('bias', 'float32', rows);
  const perBatch = named.get('alibiSlopes')?.shape.length === 2 ? [{ letter: 'B', size: B }] : [];
  check('alibiSlopes', 'float32', [...perBatch, { letter: 'Hq', size: Hq }]);
  check('sinks', 'float32', [{ letter: 'Hq', size: Hq }]);
}

function refuseUnsupported({ inputs, options }: CallAttributes): void {
  const { dropout, kernel, ropeStyle } = options;
  if (kernel !== undefined) {
    throw refusal({
      code: 'INVALID_ARGUMENT',
      argument: 'kernel',
      expected: 'none on the composed route',
      got: `'${kernel}'`,
    });
  }
  const tensor = inputs.find((name) => !supported.includes(name))?.replace(/\..*/, '');
  const option = dropout && dropout.rate > 0 ? 'dropout' : ropeStyle && 'rope';
  const argument = tensor ?? option;
  if (argument === undefined) return;
  throw refusal({ code: 'UNSUPPORTED', argument, expected: 'an option that the composed route has', got: argument });
}
