// Run by mutants.ts in a process of its own: runs one kernel on small calls and prints the first thing that is wrong.
import { openDeviceSync } from '../../src/index.js';
import { type MetalRoute, metalRoutes } from '../generated/metal-variants.js';
import { metalRouteNames, type RouteCall, runRoute } from '../metal-routes.js';
import { randomTensor } from '../random-tensor.js';

const [kernel] = process.argv.slice(2) as [string];

/** Several tiles of keys, the last of them cut; rows for all simdgroups of several threadgroups; more heads than a fragment has rows. */
const callsOfRoute = (route: MetalRoute): readonly RouteCall[] => [
  { route, dtype: 'float16', width: 64, options: { causal: 'bottomRight' } },
  { route, dtype: 'float32', width: 40, heads: { query: 8, kv: 2 } },
  { route, dtype: 'float16', width: 192, options: { window: { left: 40, right: 20 } } },
];

const backward = { route: 'metal-backward', dtype: 'float32', width: 40 } as const;
/** So many heads that a threadgroup has several to add up, and stages the keys of each. */
const biasCalls: readonly RouteCall[] = [
  { ...backward, heads: { query: 8, kv: 8 }, options: { bias: randomTensor(5, [1, 1, 70, 150]) } },
  { ...backward, options: { bias: randomTensor(6, [1, 1, 1, 150]) } },
];
const rotation = { cos: randomTensor(8, [150, 20]), sin: randomTensor(9, [150, 20]) };
/** Kernels that no route names: options bring them along. */
const callsWithOptions: Readonly<Record<string, readonly RouteCall[]>> = {
  dBias: biasCalls,
  dBiasSum: biasCalls,
  headSums: [{ ...backward, options: { alibiSlopes: randomTensor(7, [4]), sinks: randomTensor(8, [4]) } }],
  prepare: [{ ...backward, options: { rope: { ...rotation, style: 'half' } } }],
};

function callsOf(name: string): readonly RouteCall[] {
  const uses = (route: MetalRoute) => (metalRoutes[route].kernels as readonly string[]).includes(name);
  const route = metalRouteNames.find(uses);
  const calls = route ? callsOfRoute(route) : callsWithOptions[name];
  if (!calls) throw new Error(`no call has ${name}`);
  return calls;
}

const device = openDeviceSync({ backend: 'metal', device: 'software' });
for (const call of callsOf(kernel)) {
  try {
    runRoute(device, call);
  } catch (error) {
    console.log((error as Error).message.replaceAll(/\s+/g, ' '));
    break;
  }
}
