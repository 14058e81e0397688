import { refusal } from '@fa-metal/core';
import type { TensorInfo } from '../../tensorflow.js';
import { type Axes, expectAtLeastOne, expectDType, expectShape } from './checks.js';

/** Sizes as the contract names them; of packed sequences, Lq and Lk are Tq and Tk until their lengths are known. */
export interface Sizes {
  B: number;
  Hq: number;
  Hkv: number;
  Lq: number;
  Lk: number;
  D: number;
  Dv: number;
  layout: 'bhld' | 'blhd';
  storage: 'dense' | 'packed' | 'paged';
  /** Tokens of a page. */
  pageSize: number;
}

type Named = Map<string, TensorInfo>;

/** @throws FaMetalError */
export function readSizes(named: Named, layout: 'bhld' | 'blhd'): Sizes {
  const info = (name: string) => named.get(name) as TensorInfo;
  expectDType('q', info('q'), 'float32');
  expectDType('k', info('k'), named.has('kScale') ? 'int8' : 'float32');
  expectDType('v', info('v'), named.has('vScale') ? 'int8' : 'float32');
  const packed = named.has('cuSeqlensQ') || named.has('cuSeqlensK');
  const sizes = packed
    ? packedSizes(named)
    : named.has('blockTable')
      ? pagedSizes(named, layout)
      : dense(named, layout);
  const { Hq, Hkv } = sizes;
  expectAtLeastOne('q', 'head', Hq);
  expectAtLeastOne('q', 'element in D', sizes.D);
  expectAtLeastOne('k', 'head', Hkv);
  expectAtLeastOne('v', 'element in Dv', sizes.Dv);
  if (Hq % Hkv === 0) return sizes;
  throw refusal({ code: 'SHAPE_MISMATCH', argument: 'k', expected: `Hkv that divides Hq = ${Hq}`, got: String(Hkv) });
}

const axis = (letter: string, size?: number) => ({ letter, ...(size !== undefined && { size }) });

/** Sizes of a tensor [B, H, L, X] in the order of these letters, whatever the layout. */
function rows(named: Named, name: string, layout: 'bhld' | 'blhd', [batch, heads, length, width]: Axes) {
  const inner = layout === 'bhld' ? [heads, length] : [length, heads];
  const axes = [batch, ...inner, width] as Axes;
  const [first = 0, second = 0, third = 0, last = 0] = expectShape(name, named.get(name) as TensorInfo, axes);
  return layout === 'bhld' ? ([first, second, third, last] as const) : ([first, third, second, last] as const);
}

function dense(named: Named, layout: 'bhld' | 'blhd'): Sizes {
  const [B, Hq, Lq, D] = rows(
    named,
    'q',
    layout,
    ['B', 'Hq', 'Lq', 'D'].map((letter) => axis(letter)),
  );
  const [, Hkv, Lk] = rows(named, 'k', layout, [axis('B', B), axis('Hkv'), axis('Lk'), axis('D', D)]);
  const [, , , Dv] = rows(named, 'v', layout, [axis('B', B), axis('Hkv', Hkv), axis('Lk', Lk), axis('Dv')]);
  return { B, Hq, Hkv, Lq, Lk, D, Dv, layout, storage: 'dense', pageSize: 0 };
}

function packedSizes(named: Named): Sizes {
  for (const [missing, given] of [
    ['cuSeqlensK', 'cuSeqlensQ'],
    ['cuSeqlensQ', 'cuSeqlensK'],
  ] as const) {
    if (named.has(missing) || !named.has(given)) continue;
    const expected = 'cuSeqlensQ and cuSeqlensK together';
    throw refusal({ code: 'INVALID_ARGUMENT', argument: missing, expected, got: 'only one of them' });
  }
  const shape = (name: string, axes: Axes) => expectShape(name, named.get(name) as TensorInfo, axes);
  const [Lq = 0, Hq = 0, D = 0] = shape('q', [axis('Tq'), axis('Hq'), axis('D')]);
  const [Lk = 0, Hkv = 0] = shape('k', [axis('Tk'), axis('Hkv'), axis('D', D)]);
  const [, , Dv = 0] = shape('v', [axis('Tk', Lk), axis('Hkv', Hkv), axis('Dv')]);
  const [starts = 0] = shape('cuSeqlensQ', [axis('B+1')]);
  return { B: starts - 1, Hq, Hkv, Lq, Lk, D, Dv, layout: 'blhd', storage: 'packed', pageSize: 0 };
}

function pagedSizes(named: Named, layout: 'bhld' | 'blhd'): Sizes {
  const [B, Hq, Lq, D] = rows(
    named,
    'q',
    layout,
    ['B', 'Hq', 'Lq', 'D'].map((letter) => axis(letter)),
  );
  const shape = (name: string, axes: Axes) => expectShape(name, named.get(name) as TensorInfo, axes);
  const [pages = 0, pageSize = 0, Hkv = 0] = shape('k', [axis('pages'), axis('pageSize'), axis('Hkv'), axis('D', D)]);
  const of = [axis('pages', pages), axis('pageSize', pageSize), axis('Hkv', Hkv), axis('Dv')];
  const [, , , Dv = 0] = shape('v', of);
  const [, maxPages = 0] = shape('blockTable', [axis('B', B), axis('maxPages')]);
  return { B, Hq, Hkv, Lq, Lk: maxPages * pageSize, D, Dv, layout, storage: 'paged', pageSize };
}
