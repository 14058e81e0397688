export { attention, attentionBackward } from './attention.js';
export { dropoutMask } from './dropout.js';
export { mergeAttention } from './merge.js';
export { naiveAttention, naiveAttentionBackward } from './naive.js';
export { philox4x32 } from './philox.js';
export {
  type FloatDType,
  fromBfloat16,
  fromFloat16,
  quantum,
  roundAll,
  roundTo,
  toBfloat16,
  toFloat16,
} from './rounding.js';
export type {
  Align,
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  Causal,
  Dropout,
  Layout,
  NumericArray,
  OutputGradients,
  Problem,
  Rope,
  Tensor,
  Window,
} from './types.js';
