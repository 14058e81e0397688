import { blank, type IllegalCall, invalid, less, type RefusalGroup, shorten } from './illegal.js';
import type { CaseParameters } from './parameters.js';
import type { AttentionOptions, Call, Tensor } from './types.js';

type TensorOption =
  | 'alibiSlopes'
  | 'sinks'
  | 'kvLengths'
  | 'cuSeqlensQ'
  | 'cuSeqlensK'
  | 'blockTable'
  | 'kScale'
  | 'vScale';

const lengths: CaseParameters = { kvLengths: 'random' };
const packed: CaseParameters = { varlen: '2-3+0-1+3-2' };
const paged: CaseParameters = { pageSize: 2, kvLengths: 'random', gradients: false };
const int8: CaseParameters = { int8: true, gradients: false };
const rotated: CaseParameters = { rope: 'half', positions: true };

/** An edit of a tensor option, in a call that has it. */
const edit = (
  name: TensorOption,
  parameters: CaseParameters,
  group: RefusalGroup,
  code: string,
  change: (tensor: Tensor) => Tensor,
): IllegalCall => ({
  group,
  code,
  argument: name,
  parameters,
  change: ({ options }) => {
    options[name] = change(options[name]!);
  },
});
const misshapen = (name: TensorOption, parameters: CaseParameters, axis = 0): IllegalCall =>
  edit(name, parameters, 'shape', 'SHAPE_MISMATCH', ({ shape, dtype }) => blank(less(axis)([...shape]), dtype));
const retyped = (name: TensorOption, parameters: CaseParameters): IllegalCall =>
  edit(name, parameters, 'dtype', 'DTYPE_MISMATCH', ({ shape }) => blank(shape, 'float16'));
const short = (name: TensorOption, parameters: CaseParameters): IllegalCall =>
  edit(name, parameters, 'memory', 'BUFFER_TOO_SHORT', shorten);

/** One value of an int32 option is another. */
const value = (
  name: TensorOption,
  parameters: CaseParameters,
  index: number,
  change: (was: number) => number,
): IllegalCall =>
  edit(name, parameters, 'range', 'INVALID_ARGUMENT', (tensor) => {
    const data = Int32Array.from(tensor.data as Int32Array);
    const at = index < 0 ? data.length + index : index;
    data[at] = change(data[at]!);
    return { ...tensor, data };
  });

const removed = (
  name: TensorOption,
  parameters: CaseParameters,
  refusal: Pick<IllegalCall, 'code' | 'argument' | 'group'>,
): IllegalCall => ({
  ...refusal,
  parameters,
  change: ({ options }) => {
    delete options[name];
  },
});

type Rope = NonNullable<AttentionOptions['rope']>;
const rope = (code: string, group: RefusalGroup, change: (rope: Rope, call: Call) => object): IllegalCall => ({
  group,
  code,
  argument: 'rope',
  parameters: rotated,
  change: (call) => {
    call.options.rope = { ...call.options.rope!, ...change(call.options.rope!, call) };
  },
});
const farPosition = (positions: Tensor, to: (rows: number) => number, { cos }: Rope): Tensor => ({
  ...positions,
  data: Int32Array.from(positions.data as Int32Array).fill(to(cos.shape[0]!), 0, 1),
});

/** Rows are never renamed: their names are part of ids. */
export const illegalOptions: Readonly<Record<string, IllegalCall>> = {
  softcapZero: invalid('softcap', 0, 'range'),
  softcapNegative: invalid('softcap', -2, 'range'),
  softcapNaN: invalid('softcap', NaN, 'range'),
  softcapString: invalid('softcap', '2', 'kind'),
  dropoutAll: invalid('dropout', { rate: 1, seed: 0n }, 'range'),
  dropoutNegative: invalid('dropout', { rate: -0.1, seed: 0n }, 'range'),
  dropoutNaN: invalid('dropout', { rate: NaN, seed: 0n }, 'range'),
  dropoutNumber: invalid('dropout', { rate: 0.1, seed: 5 }, 'kind'),
  alibiShape: misshapen('alibiSlopes', { alibi: 'H' }),
  alibiBatch: misshapen('alibiSlopes', { alibi: 'BH' }),
  alibiDtype: retyped('alibiSlopes', { alibi: 'H' }),
  alibiShort: short('alibiSlopes', { alibi: 'BH' }),
  sinksShape: misshapen('sinks', { sinks: true }),
  sinksDtype: retyped('sinks', { sinks: true }),
  sinksShort: short('sinks', { sinks: true }),
  lengthsShape: misshapen('kvLengths', lengths),
  lengthsDtype: retyped('kvLengths', lengths),
  lengthsShort: short('kvLengths', lengths),
  lengthNegative: value('kvLengths', lengths, 0, () => -1),
  lengthTooLong: value('kvLengths', lengths, -1, () => 1 << 20),
  startsShape: misshapen('cuSeqlensK', packed),
  startsDtype: retyped('cuSeqlensQ', packed),
  startsShort: short('cuSeqlensK', packed),
  startsFirst: value('cuSeqlensQ', packed, 0, () => 1),
  startsDecrease: value('cuSeqlensK', packed, 1, (was) => was + 2),
  startsLast: value('cuSeqlensQ', packed, -1, (was) => was + 1),
  startsAlone: removed('cuSeqlensK', packed, { code: 'INVALID_ARGUMENT', argument: 'cuSeqlensK', group: 'range' }),
  pagesShape: misshapen('blockTable', paged),
  pagesDtype: retyped('blockTable', paged),
  pagesShort: short('blockTable', paged),
  pagePastEnd: value('blockTable', paged, 0, () => 1 << 20),
  pageNegative: value('blockTable', paged, 0, () => -1),
  pagesWithoutLengths: removed('kvLengths', paged, {
    code: 'INVALID_ARGUMENT',
    argument: 'kvLengths',
    group: 'range',
  }),
  scaleShape: misshapen('kScale', int8, 2),
  scaleDtype: retyped('vScale', int8),
  scaleShort: short('vScale', int8),
  scaleMissing: removed('kScale', int8, { code: 'DTYPE_MISMATCH', argument: 'k', group: 'dtype' }),
  ropeTables: rope('SHAPE_MISMATCH', 'shape', ({ sin }) => ({ sin: blank(less(0)([...sin.shape]), 'float32') })),
  ropeWide: rope('SHAPE_MISMATCH', 'shape', ({ cos: { shape } }, { q }) => {
    const wide = blank([shape[0]!, q.shape.at(-1)!], 'float32');
    return { cos: wide, sin: wide };
  }),
  ropeDtype: rope('DTYPE_MISMATCH', 'dtype', ({ cos }) => ({ cos: blank(cos.shape, 'float16') })),
  ropeShort: rope('BUFFER_TOO_SHORT', 'memory', ({ cos }) => ({ cos: shorten(cos) })),
  ropeStyle: rope('INVALID_ARGUMENT', 'kind', () => ({ style: 'whole' })),
  ropePositionFar: rope('INVALID_ARGUMENT', 'range', (given) => ({
    positionsQ: farPosition(given.positionsQ!, (rows) => rows, given),
  })),
  ropePositionNegative: rope('INVALID_ARGUMENT', 'range', (given) => ({
    positionsK: farPosition(given.positionsK!, () => -1, given),
  })),
};
