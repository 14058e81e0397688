import type { AttentionGradients, AttentionOptions, AttentionResult, Device, Tensor } from '../src/index.js';
import { type MetalRoute, metalRoutes } from './generated/metal-variants.js';
import { randomTensor } from './random-tensor.js';

export const metalRouteNames = Object.keys(metalRoutes) as MetalRoute[];

/** One call that a route is forced on. */
export interface RouteCall {
  route: MetalRoute;
  dtype: 'float32' | 'float16' | 'bfloat16';
  width: number;
  /** Default 4 query heads over 2 kv heads. */
  heads?: { query: number; kv: number };
  keys?: number;
  options?: AttentionOptions;
}

/** Routes that are made for few query rows take no more. */
const rowsOf = (route: MetalRoute) => (['metal-decode', 'metal-backward-short'].includes(route) ? 5 : 70);

export interface RouteResult {
  forward: AttentionResult;
  gradients?: AttentionGradients;
}

export function inputsOf({ route, dtype, width, heads = { query: 4, kv: 2 }, keys = 150 }: RouteCall) {
  const tensor = (seed: number, count: number, rows: number) => randomTensor(seed, [1, count, rows, width], dtype);
  return {
    q: tensor(1, heads.query, rowsOf(route)),
    k: tensor(2, heads.kv, keys),
    v: tensor(3, heads.kv, keys),
    dOut: tensor(4, heads.query, rowsOf(route)),
  };
}

/** Runs a route and, for one of the gradients, the forward pass that the device chooses before it. */
export function runRoute(device: Device, call: RouteCall): RouteResult {
  const { q, k, v, dOut } = inputsOf(call);
  const { direction } = metalRoutes[call.route];
  const splits = call.route === 'metal-decode' ? '@3' : '';
  const forced = { ...call.options, kernel: call.route + splits };
  const forward = device.attentionSync(q, k, v, direction === 'forward' ? forced : call.options);
  if (direction === 'forward') return { forward };
  return { forward, gradients: device.attentionBackwardSync({ q, k, v, ...forward, dOut }, forced) };
}

/** All results of a call, by name. */
export function tensorsOf({ forward, gradients }: RouteResult): [string, Tensor][] {
  return Object.entries({ ...forward, ...gradients }).filter((entry): entry is [string, Tensor] => Boolean(entry[1]));
}
