import type { DType, Tensor } from '@fa-metal/conformance';
import { FaMetalError } from '@fa-metal/core';
import type { InferenceSession, OnnxValue } from 'onnxruntime-common';
import { castTo, hostType, narrow, widen } from './bfloat16.js';
import { ours, registration } from './host.js';
import type { Attribute, ElementType, Model, Node } from './model.js';

/** A node with its inputs and outputs, by the public names of the op's arguments; '' where one is left out. */
export interface NodeCall {
  op: string;
  domain?: string;
  opset?: number;
  inputs: (readonly [name: string, tensor: Tensor | undefined])[];
  outputs: (readonly [name: string, dtype: DType, wanted: boolean])[];
  attributes: Record<string, Attribute>;
}

const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * Runs one node through a session, which calls of the same form share.
 *
 * @throws FaMetalError as the adapter does, with the argument's own name
 */
export async function runNode(call: NodeCall): Promise<Record<string, Tensor>> {
  const given = call.inputs.filter((input): input is [string, Tensor] => input[1] !== undefined);
  const model = modelOf(call, given);
  const key = JSON.stringify(model, (_, value) =>
    typeof value === 'bigint'
      ? `${value}n`
      : Object.is(value, -0)
        ? '-0'
        : typeof value === 'number' && !Number.isFinite(value)
          ? `${value}`
          : value,
  );
  const session = sessions.get(key) ?? openSession(model);
  sessions.set(key, session);
  const feeds = Object.fromEntries(given.map(([name, tensor]) => [name, feed(tensor)]));
  try {
    const results = await (await session).run(feeds);
    const types = new Map(call.outputs.map(([name, dtype]) => [name, dtype]));
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, result(value, types.get(name)!)]));
  } catch (error) {
    throw withArgument(error);
  }
}

async function openSession(model: Model): Promise<InferenceSession> {
  const session = await ours(model, { logSeverityLevel: 4 });
  const left = registration
    .assignment(session)
    .filter(({ opType, provider }) => opType !== 'Cast' && provider !== 'fa-metal');
  if (left.length > 0)
    throw new Error(`not taken: ${left.map(({ opType, reason }) => `${opType}: ${reason}`).join('; ')}`);
  return session;
}

function modelOf({ op, domain, opset = 24, inputs, outputs, attributes }: NodeCall, given: [string, Tensor][]): Model {
  const inner = (name: string, dtype: DType | undefined) => (dtype === 'bfloat16' ? `${name}.bfloat16` : name);
  const wanted = outputs.filter(([, , wanted]) => wanted);
  const nodes: Node[] = [
    ...given
      .filter(([, { dtype }]) => dtype === 'bfloat16')
      .map(([name]) => castTo('bfloat16', name, `${name}.bfloat16`)),
    {
      op,
      ...(domain && { domain }),
      attributes,
      inputs: trim(inputs.map(([name, tensor]) => (tensor ? inner(name, tensor.dtype) : ''))),
      outputs: trim(outputs.map(([name, dtype, wanted]) => (wanted ? inner(name, dtype) : ''))),
    },
    ...wanted.filter(([, dtype]) => dtype === 'bfloat16').map(([name]) => castTo('float32', `${name}.bfloat16`, name)),
  ];
  return {
    opset,
    nodes,
    inputs: Object.fromEntries(
      given.map(([name, { dtype, shape }]) => [
        name,
        [hostType(dtype as ElementType), shape.map((_, axis) => `${name}${axis}`)],
      ]),
    ),
    outputs: Object.fromEntries(wanted.map(([name, dtype]) => [name, hostType(dtype as ElementType)])),
  };
}

/** Optional inputs and outputs that nothing follows are not written at all. */
function trim(names: string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

/** As plain data and not as a Tensor, whose constructor would refuse by itself what the native code has to refuse. */
function feed({ data, shape, dtype }: Tensor): OnnxValue {
  const values = dtype === 'bfloat16' ? widen(data as Uint16Array) : data;
  return { type: hostType(dtype as ElementType), dims: shape, data: values, location: 'cpu' } as unknown as OnnxValue;
}

function result(value: OnnxValue, dtype: DType): Tensor {
  const { data, dims } = value as { data: Tensor['data']; dims: readonly number[] };
  return { data: dtype === 'bfloat16' ? narrow(data as Float32Array) : data, shape: dims, dtype };
}

/** The inputs of these models are named after the op's arguments. */
function withArgument(error: unknown): unknown {
  if (!FaMetalError.isInstance(error)) return error;
  const argument = error.argument?.replace(/^feeds\./, '');
  return new FaMetalError(error.code, error.message, { argument, cause: error });
}
