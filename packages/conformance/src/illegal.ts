import { numberFormats } from './data/number-formats.js';
import { rowMajorStrides } from './data/tensor.js';
import type { CaseParameters } from './parameters.js';
import type { Call, DType, OutputName, Tensor } from './types.js';

/**
 * What an illegal call is about, so that a host that cannot say such a thing can declare it once.
 * kind: the kind of a JS value; range: its value; shape, dtype: how tensors fit; memory: buffers and strides;
 * output: memory of results; backward: what goes into the gradients' call.
 */
export type RefusalGroup = 'kind' | 'range' | 'shape' | 'dtype' | 'memory' | 'output' | 'backward';

/** One way to call the op wrongly. */
export interface IllegalCall {
  group: RefusalGroup;
  /** Code of the error. */
  code: string;
  /** Public name of the argument at fault. */
  argument: string;
  /** Parameters that the call needs. */
  parameters?: CaseParameters;
  /** Makes a legal call illegal. */
  change?(call: Call): void;
}

type Operand = 'q' | 'k' | 'v' | 'dOut' | 'dLse';

export const reshape = (argument: Operand, edit: (shape: number[]) => readonly number[]) => (call: Call) => {
  call[argument] = { ...call[argument]!, shape: edit([...call[argument]!.shape]) };
};
export const less = (axis: number) => (shape: number[]) => shape.map((size, at) => (at === axis ? size - 1 : size));
export const dropAxis = (shape: number[]) => shape.slice(1);
export const shorten = (tensor: Tensor): Tensor => ({ ...tensor, data: (tensor.data as Float32Array).subarray(0, -1) });
export const blank = (shape: readonly number[], dtype: DType): Tensor => {
  const { view, bytes } = numberFormats[dtype];
  const elements = shape.reduce((product, size) => product * size, 1);
  return { data: view(new ArrayBuffer(elements * bytes), 0, elements), shape, dtype };
};
export const retype = (argument: Operand, dtype?: DType) => (call: Call) => {
  const other = call.q.dtype === 'float16' ? 'bfloat16' : 'float16';
  call[argument] = blank(call[argument]!.shape, dtype ?? other);
};
/** Sets an option to what the types forbid. */
const setOption =
  (name: string, value: unknown) =>
  ({ options }: Call) => {
    (options as Record<string, unknown>)[name] = value;
  };
export const invalid = (
  argument: string,
  value: unknown,
  group: RefusalGroup,
  parameters: CaseParameters = {},
): IllegalCall => ({
  group,
  code: 'INVALID_ARGUMENT',
  argument,
  parameters,
  change: setOption(argument, value),
});
export const shape = (argument: Operand, edit: (shape: number[]) => readonly number[]): IllegalCall => ({
  group: 'shape',
  code: 'SHAPE_MISMATCH',
  argument,
  change: reshape(argument, edit),
});
export const optionTensor = (
  name: 'mask' | 'bias',
  edit: (tensor: Tensor) => Tensor,
): Pick<IllegalCall, 'argument' | 'parameters' | 'change'> => ({
  argument: name,
  parameters: { [name]: 'BHQ' },
  change: ({ options }) => {
    options[name] = edit(options[name]!);
  },
});
export const short = (argument: 'q' | 'k' | 'v' | 'dOut' | 'dLse', group: RefusalGroup = 'memory'): IllegalCall => ({
  group,
  code: 'BUFFER_TOO_SHORT',
  argument,
  change: (call) => {
    call[argument] = shorten(call[argument]!);
  },
});
/** Over a buffer that is long enough, so that only the strides are wrong. */
export const strides = (edit: (strides: number[]) => number[]): IllegalCall => ({
  group: 'memory',
  code: 'INVALID_ARGUMENT',
  argument: 'q',
  change: (call) => {
    const { shape: all, dtype } = call.q;
    call.q = { ...blank([2, ...all], dtype), shape: all, strides: edit(rowMajorStrides(all)) };
  },
});
export const alias = (output: OutputName, input: Operand): IllegalCall => ({
  group: 'output',
  code: 'ALIASED_OUTPUT',
  argument: output,
  change: (call) => {
    call.outputs[output] = call[input]!;
  },
});
export const forwardResult = (name: 'out' | 'lse', code: string, edit: (tensor: Tensor) => Tensor): IllegalCall => ({
  group: 'backward',
  code,
  argument: name,
  change: (call) => {
    call.forwardResults = { [name]: edit(blank(call.outputs[name].shape, call.outputs[name].dtype)) };
  },
});
export const backward = (base: IllegalCall): IllegalCall => ({ ...base, group: 'backward' });
