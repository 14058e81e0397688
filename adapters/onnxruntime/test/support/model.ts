import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** ONNX element types that the tests use. */
export const elementTypes = {
  float32: 1,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};
export type ElementType = keyof typeof elementTypes;

/** A size, the name of a size that depends on the run, or nothing at all for a value of unknown rank. */
export type Shape = readonly (number | string)[] | undefined;
export type Attribute = number | bigint | { float: number } | string;

export interface Node {
  op: string;
  domain?: string;
  name?: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, Attribute>;
}

export interface Model {
  /** Default 23. */
  opset?: number;
  inputs: Record<string, [ElementType, Shape]>;
  /** Names of the outputs; the element type has to be told only where ONNX cannot infer it. */
  outputs: Record<string, ElementType>;
  nodes: readonly Node[];
}

/** The bytes of a model, as an exporter would write them. */
export function encodeModel({ opset = 23, inputs, outputs, nodes }: Model): Uint8Array {
  return onnx.ModelProto.encode(
    onnx.ModelProto.fromObject({
      irVersion: 10,
      opsetImport: [
        { domain: '', version: opset },
        { domain: 'fa.metal', version: 1 },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: 'graph',
        node: nodes.map(toNode),
        input: Object.entries(inputs).map(([name, [type, shape]]) => toValue(name, type, shape)),
        output: Object.entries(outputs).map(([name, type]) => toValue(name, type, undefined)),
      },
    }),
  ).finish();
}

function toNode({ op, domain = '', name = '', inputs, outputs, attributes = {} }: Node): object {
  return {
    opType: op,
    domain,
    name,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([key, value]) => toAttribute(key, value)),
  };
}

function toAttribute(name: string, value: Attribute): object {
  const { FLOAT, INT, STRING } = onnx.AttributeProto.AttributeType;
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) };
  // The encoder takes whole numbers past 2^53 as text.
  if (typeof value === 'bigint') return { name, type: INT, i: String(value) };
  return typeof value === 'number' ? { name, type: INT, i: value } : { name, type: FLOAT, f: value.float };
}

function toValue(name: string, type: ElementType, shape: Shape): object {
  const dims = shape?.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[type], ...(dims && { shape: { dim: dims } }) } } };
}
