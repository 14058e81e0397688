export { type DeviceInfo, type ErrorCode, FaMetalError } from '@fa-metal/core';
export { attention, attentionWithLse } from './attention.js';
export { improveGradients } from './improve-gradients.js';
export { type FlashAttentionConfig, layers } from './layers.js';
export type { AttentionOptions } from './options.js';
export { type Info, info, type RegisterOptions, register } from './register.js';
export type { RouteName } from './routes/route.js';
export type { TensorFlow } from './tensorflow.js';
