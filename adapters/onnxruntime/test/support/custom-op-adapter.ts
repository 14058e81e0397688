import type { Adapter, AttentionOptions, Call, Outputs, Tensor } from '@fa-metal/conformance';
import { notSupported } from '../../../../packages/core/test-support/not-supported.js';
import { runNode } from './conformance-host.js';
import type { Attribute } from './model.js';
import { neverSaid } from './never-said.js';

const skipped = {
  ...neverSaid,
  align: 'no attribute for it',
  'scale:zero': 'scale 0 stands for the default',
  'refuse:softcapZero': 'softcap 0 stands for none',
  'refuse:dropoutNumber': 'a seed is an int of ONNX',
  'refuse:alignDisagrees': 'no attribute for it',
  'refuse:windowHalf': 'an attribute that is left out has a default',
};

/** FlashAttention and FlashAttentionGrad of domain `fa.metal`. */
export const customOp: Adapter = {
  name: 'onnxruntime-custom-op',
  manifest: {
    notSupported: notSupported('cpu', skipped),
    skipped,
    gradientsFromLse: true,
  },
  async run(call) {
    const forward = await runForward(call);
    return call.dOut ? { ...forward, ...(await runBackward(call, forward)) } : forward;
  },
};

function optional({ bias, mask, alibiSlopes, sinks, kvLengths, cuSeqlensQ, cuSeqlensK }: AttentionOptions) {
  const inputs = { bias, mask, alibiSlopes, sinks, kvLengths, cuSeqlensQ, cuSeqlensK };
  return Object.entries(inputs);
}

async function runForward({ q, k, v, options }: Call): Promise<Required<Pick<Outputs, 'out' | 'lse'>>> {
  const { out, lse } = await runNode({
    op: 'FlashAttention',
    domain: 'fa.metal',
    inputs: [['q', q], ['k', k], ['v', v], ...optional(options)],
    outputs: [
      ['out', q.dtype, true],
      ['lse', 'float32', true],
    ],
    attributes: attributesOf(options),
  });
  return { out: out!, lse: lse! };
}

async function runBackward(call: Call, forward: { out: Tensor; lse: Tensor }): Promise<Outputs> {
  const { q, k, v, options, dOut, dLse, needs, forwardResults } = call;
  const { out, lse } = { ...forward, ...forwardResults };
  const results = await runNode({
    op: 'FlashAttentionGrad',
    domain: 'fa.metal',
    inputs: [
      ['q', q],
      ['k', k],
      ['v', v],
      ['out', out],
      ['lse', lse],
      ['dOut', dOut],
      ['dLse', dLse],
      ...optional(options),
    ],
    outputs: [
      ['dq', q.dtype, true],
      ['dk', q.dtype, true],
      ['dv', q.dtype, true],
      ['dBias', 'float32', options.bias !== undefined && needs?.bias !== false],
      ['dAlibiSlopes', 'float32', options.alibiSlopes !== undefined],
      ['dSinks', 'float32', options.sinks !== undefined],
    ],
    attributes: attributesOf(options),
  });
  return results as unknown as Outputs;
}

/** Options of the wrong kind become attributes of the wrong type: the suite makes such calls on purpose. */
function attributesOf(options: AttentionOptions): Record<string, Attribute> {
  const { layout, scale, softcap, causal, window, dropout, ...rest } = options;
  const attributes: Record<string, Attribute> = {};
  if (layout !== undefined) attributes['layout'] = layout;
  if (scale !== undefined) attributes['scale'] = real(scale);
  if (softcap !== undefined) attributes['softcap'] = real(softcap);
  if (typeof causal === 'object') Object.assign(attributes, { causal: 'offset', causal_offset: whole(causal.offset) });
  else if (causal !== undefined) attributes['causal'] = typeof causal === 'string' ? causal : Number(causal);
  if (window) Object.assign(attributes, { window_left: whole(window.left), window_right: whole(window.right) });
  if (dropout)
    Object.assign(attributes, { dropout_rate: real(dropout.rate), seed: BigInt.asIntN(64, BigInt(dropout.seed)) });
  if ('casual' in rest) attributes['casual'] = String(rest.casual);
  return attributes;
}

const real = (value: number): Attribute => (typeof value === 'number' ? { float: value } : value);
const whole = (value: number): Attribute => (Number.isInteger(value) ? value : { float: value });
