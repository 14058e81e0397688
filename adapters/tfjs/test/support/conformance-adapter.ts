import type { Adapter, Call, Tensor as HostTensor, Manifest, Outputs } from '@fa-metal/conformance';
import { notSupported } from '../../../../packages/core/test-support/not-supported.js';
import { type AttentionOptions, attentionWithLse, type RouteName, register } from '../../src/index.js';
import { tf } from './hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

const noSuchDtype = 'tfjs tensors are float32, int32 or bool';
const madeByTfjs = 'tfjs makes these tensors itself, and checks them';
const skipped: NonNullable<Manifest['skipped']> = {
  'dtype:float16': noSuchDtype,
  'dtype:bfloat16': noSuchDtype,
  'bias:otherDtype': noSuchDtype,
  int8: noSuchDtype,
  'refuse:kDtype': noSuchDtype,
  'refuse:vDtype': noSuchDtype,
  'refuse:alibiDtype': noSuchDtype,
  'refuse:sinksDtype': noSuchDtype,
  'refuse:lengthsDtype': noSuchDtype,
  'refuse:startsDtype': noSuchDtype,
  'refuse:pagesDtype': noSuchDtype,
  'refuse:ropeDtype': noSuchDtype,
  strides: 'tfjs tensors are dense',
  'refusals:memory': madeByTfjs,
  'refusals:output': madeByTfjs,
  'refusals:backward': madeByTfjs,
  'refuse:unknownDtype': madeByTfjs,
  'refuse:wrongArray': madeByTfjs,
  'refuse:fractionalSize': madeByTfjs,
};
const noLimit = 'the composed route has no limit';

/** One route on one of tfjs's backends. */
export function conformanceAdapter(route: RouteName, backend: 'tensorflow' | 'cpu'): Adapter {
  const composed = route === 'composed';
  return {
    name: `tfjs-${backend}-${route}`,
    manifest: {
      // The composed route does whatever tfjs's tensors can say.
      notSupported: composed ? {} : notSupported('cpu', skipped),
      skipped: { ...skipped, ...(composed && { 'refuse:headWidth': noLimit, 'refuse:valueWidth': noLimit }) },
    },
    run(call) {
      tf.setBackend(backend);
      register(tf, { route });
      return run(call);
    },
  };
}

function run(call: Call) {
  let results: Record<string, HostTensor> = {};
  tf.tidy(() => {
    const [q, k, v] = [call.q, call.k, call.v].map(toTf) as [Tensor, Tensor, Tensor];
    const options = toTfOptions(call.options);
    const { out, lse } = attentionWithLse(q, k, v, options);
    results = { out: toHost(out), lse: toHost(lse) };
    if (call.dOut) Object.assign(results, differentiate(call, { q, k, v }, options));
  });
  return results as unknown as Outputs;
}

const gradientNames = { bias: 'dBias', alibiSlopes: 'dAlibiSlopes', sinks: 'dSinks' } as const;

function differentiate(
  { dOut, dLse, needs }: Call,
  inputs: { q: Tensor; k: Tensor; v: Tensor },
  options: AttentionOptions,
) {
  const declined: Readonly<Record<string, boolean>> = needs ?? {};
  const optional = Object.keys(gradientNames) as (keyof typeof gradientNames)[];
  const wanted = optional.filter((name) => options[name] !== undefined && declined[name] !== false);
  const names = ['q', 'k', 'v', ...wanted];
  const values: Record<string, Tensor> = {
    ...inputs,
    ...Object.fromEntries(wanted.map((name) => [name, options[name] as Tensor])),
  };
  const cotangents = { out: toTf(dOut as HostTensor), ...(dLse && { lse: toTf(dLse) }) };
  const loss = (...tensors: Tensor[]) => {
    const given = Object.fromEntries(names.map((name, index) => [name, tensors[index] as Tensor])) as Record<
      string,
      Tensor
    >;
    const { q, k, v, ...optional } = given as { q: Tensor; k: Tensor; v: Tensor };
    const { out, lse } = attentionWithLse(q, k, v, { ...options, ...optional });
    const fromOut = out.mul(cotangents.out).sum();
    return cotangents.lse ? fromOut.add(lse.mul(cotangents.lse).sum()) : fromOut;
  };
  const gradients = tf.grads(loss)(names.map((name) => values[name] as Tensor));
  const publicName = (name: string) => gradientNames[name as keyof typeof gradientNames] ?? `d${name}`;
  return Object.fromEntries(names.map((name, index) => [publicName(name), toHost(gradients[index] as Tensor)]));
}

function toTf(tensor: HostTensor | null): Tensor {
  if (tensor === null) return tensor as unknown as Tensor; // a refusal case
  // Refusal cases make a shape smaller and leave the data; tfjs wants them to agree.
  const data = (tensor.data as Float32Array).subarray(0, tf.util.sizeFromShape([...tensor.shape]));
  return tf.tensor(data, [...tensor.shape], tensor.dtype as 'float32');
}

function toTfOptions(options: Call['options']): AttentionOptions {
  const isTensor = (value: unknown): value is HostTensor =>
    typeof value === 'object' && value !== null && 'data' in value;
  const convert = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([name, entry]) => [
        name,
        isTensor(entry) ? toTf(entry) : name === 'rope' ? convert(entry) : entry,
      ]),
    );
  return convert(options);
}

function toHost(tensor: Tensor): HostTensor {
  return { data: tensor.dataSync(), shape: tensor.shape, dtype: tensor.dtype as HostTensor['dtype'] };
}
