import type { Adapter, AttentionOptions, Tensor } from '@fa-metal/conformance';
import { runNode } from './conformance-host.js';
import { neverSaid } from './never-said.js';

const elsewhere = 'left to ONNX Runtime';
const notOnnx = "not in ONNX's Attention before opset 25";

/** Nodes of ONNX's own Attention, as exporters write them: 4-D, or 3-D for layout blhd. */
export const provider: Adapter = {
  name: 'onnxruntime-ep',
  manifest: {
    notSupported: {},
    skipped: {
      ...neverSaid,
      'causal:bottomRight': 'ONNX counts from the top left corner',
      'causal:offset': 'ONNX counts from the top left corner',
      align: notOnnx,
      window: notOnnx,
      alibi: notOnnx,
      sinks: notOnnx,
      dropout: notOnnx,
      kvLengths: 'nonpad_kv_seqlen moves the causal diagonal, so that attention.test.ts has it',
      varlen: notOnnx,
      'refusals:kind': "attributes of Attention are checked by ONNX's own schema",
      'refusals:dtype': "dtypes of Attention are checked by ONNX's own schema",
      'refuse:softcapZero': 'softcap 0 stands for none',
      'refuse:softcapNegative': elsewhere,
      'refuse:softcapNaN': elsewhere,
      'refuse:dropoutAll': notOnnx,
      'refuse:dropoutNegative': notOnnx,
      'refuse:dropoutNaN': notOnnx,
      'refuse:scaleNaN': elsewhere,
      'refuse:scaleInfinity': elsewhere,
      'refuse:windowNegative': notOnnx,
      'refuse:alignDisagrees': notOnnx,
      'refuse:qRank': elsewhere,
      'refuse:kRank': elsewhere,
      'refuse:vRank': elsewhere,
      'refuse:maskRank': 'a mask of rank 2 is legal in ONNX',
      'refuse:maskShape': 'a short mask is legal in ONNX',
      'refusals:backward': 'no gradients',
    },
    outputs: [],
  },
  async run({ q, k, v, options }) {
    const { layout, scale, softcap, causal } = options;
    const flat = layout === 'blhd';
    // ONNX multiplies q and k with the square root of the scale, so a negative one has to go into q.
    const inputs = [scale !== undefined && scale < 0 ? negated(q) : q, k, v].map((tensor) =>
      flat ? joinHeads(tensor) : tensor,
    );
    const { out } = await runNode({
      op: 'Attention',
      inputs: [['q', inputs[0]], ['k', inputs[1]], ['v', inputs[2]], attentionMask(options)],
      outputs: [['out', q.dtype, true]],
      attributes: {
        ...(causal === 'topLeft' && { is_causal: 1 }),
        ...(scale !== undefined && { scale: { float: Math.abs(scale) } }),
        ...(softcap !== undefined && { softcap: { float: softcap } }),
        ...(flat && { q_num_heads: q.shape[2]!, kv_num_heads: k.shape[2]! }),
      },
    });
    return { out: flat ? { ...out!, shape: [...q.shape.slice(0, 3), v.shape[3]!] } : out! };
  },
};

function negated(tensor: Tensor): Tensor {
  const { data, dtype } = tensor;
  const values =
    dtype === 'float32' ? (data as Float32Array).map((x) => -x) : (data as Uint16Array).map((bits) => bits ^ 0x8000);
  return { ...tensor, data: values };
}

/** The one mask that the node has: a bool one, or a float one with -Infinity for keys that are hidden. */
function attentionMask({ mask, bias }: AttentionOptions): readonly [string, Tensor | undefined] {
  if (!mask || !bias) return mask ? ['mask', mask] : ['bias', bias];
  const shape = mask.shape.map((size, axis) => Math.max(size, bias.shape[axis]!));
  const minusInfinity = { float32: Number.NEGATIVE_INFINITY, float16: 0xfc00, bfloat16: 0xff80 }[
    bias.dtype as 'float32'
  ];
  const source = bias.data as Float32Array;
  const count = shape.reduce((a, b) => a * b, 1);
  const combined = bias.dtype === 'float32' ? new Float32Array(count) : new Uint16Array(count);
  for (let index = 0; index < combined.length; index++) {
    const keep = (mask.data as Uint8Array)[broadcastIndex(index, shape, mask.shape)];
    combined[index] = keep ? source[broadcastIndex(index, shape, bias.shape)]! : minusInfinity;
  }
  return ['bias', { data: combined, shape, dtype: bias.dtype }];
}

/** Position in a packed tensor of shape `own`, which is broadcast to `shape`. */
function broadcastIndex(index: number, shape: readonly number[], own: readonly number[]): number {
  let position = 0;
  let stride = 1;
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (own[axis] !== 1) position += (rest % shape[axis]!) * stride;
    stride *= own[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return position;
}

/** [B, L, H, D] as [B, L, H * D]. */
function joinHeads(tensor: Tensor): Tensor {
  const [batch, length, heads, width] = tensor.shape as [number, number, number, number];
  return { ...tensor, shape: [batch, length, heads * width] };
}
