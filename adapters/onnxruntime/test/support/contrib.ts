import { expect } from 'vitest';
import { assigned, difference, ort, ours, stock } from './host.js';
import type { Attribute, ElementType, Model, Shape } from './model.js';

// com.microsoft's operators, held against ONNX Runtime's own kernels.

export type Tensor = InstanceType<typeof ort.Tensor>;
export type Feeds = Record<string, Tensor>;

export const int32 = (shape: number[], value: (index: number) => number) =>
  new ort.Tensor(
    'int32',
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
    shape,
  );

export const int64 = (shape: number[], value: (index: number) => number) =>
  new ort.Tensor(
    'int64',
    BigInt64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => BigInt(value(i))),
    shape,
  );

export interface Example {
  name: string;
  attributes: Record<string, Attribute>;
  feeds: Feeds;
  /** Outputs besides the first. */
  more?: string[];
  /** Sizes of the model stay open, as exporters leave them. */
  fixed?: boolean;
}

export function modelOf(
  op: string,
  inputNames: readonly string[],
  { attributes, feeds, more = [], fixed }: Example,
): Model {
  const shape = (name: string, dims: readonly number[]): Shape =>
    dims.map((size, axis) => (fixed || (axis === dims.length - 1 && dims.length > 2) ? size : `${name}${axis}`));
  const last = inputNames.findLastIndex((name) => name in feeds);
  return {
    inputs: Object.fromEntries(
      Object.entries(feeds).map(([name, { type, dims }]) => [name, [type as ElementType, shape(name, dims)]]),
    ),
    outputs: Object.fromEntries(['Y', ...more].map((name) => [name, 'float32'])),
    nodes: [
      {
        op,
        domain: 'com.microsoft',
        inputs: inputNames.slice(0, last + 1).map((name) => (name in feeds ? name : '')),
        outputs: ['Y', ...more],
        attributes,
      },
    ],
  };
}

export async function expectSame(model: Model, feeds: Feeds, rows?: (name: string, tensor: Tensor) => Float32Array) {
  const session = await ours(model);
  expect(assigned(session)).toEqual({ here: [model.nodes[0]!.op], elsewhere: {} });
  const [own, theirs] = [await session.run(feeds), await (await stock(model)).run(feeds)];
  for (const name of Object.keys(model.outputs)) {
    expect(own[name]!.dims, name).toEqual(theirs[name]!.dims);
    const [a, b] = [own, theirs].map((results) => {
      const tensor = results[name] as Tensor;
      return rows ? rows(name, tensor) : (tensor.data as Float32Array);
    });
    expect(difference(a!, b!), name).toBeLessThan(3e-6);
  }
}
