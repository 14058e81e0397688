import type * as core from '@tensorflow/tfjs-core';
// Types of the methods `tensor.mul(...)` and the like; at run time tfjs and tfjs-node have them, tfjs-core by the same import.
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import type * as layers from '@tensorflow/tfjs-layers';

export type Tensor = core.Tensor;
export type Tensor3D = core.Tensor3D;
export type Tensor4D = core.Tensor4D;
export type TensorInfo = core.TensorInfo;

/**
 * What we use of a tfjs: `@tensorflow/tfjs`, `@tensorflow/tfjs-node`, or `@tensorflow/tfjs-core` with a backend and
 * its chained ops.
 * `layers` and `serialization` are there except in tfjs-core.
 */
export type TensorFlow = Omit<typeof core, 'default'> & {
  layers?: typeof layers.layers;
};

/** A backend of tfjs, with the members that some backends have and tfjs's own types leave out. */
export interface Backend {
  readSync?(dataId: object): ArrayBufferView;
  write(values: ArrayBufferView, shape: number[], dtype: string): object;
  /** tfjs-node only. */
  executeMultipleOutputs?(op: string, attributes: OpAttribute[], inputs: TensorInfo[], outputs: number): Tensor[];
  binding?: { TF_ATTR_INT: number; TF_ATTR_STRING: number; TF_Version: string };
}

export interface OpAttribute {
  name: string;
  type: number;
  value: number | string;
}

export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null) return false;
  const { dataId, shape, dtype } = value as Partial<Tensor>;
  return dataId !== undefined && Array.isArray(shape) && typeof dtype === 'string';
}
