// Run by mutants.ts in a process of its own: runs one kernel on small calls and prints the first thing that is wrong.
import { openDeviceSync } from '../../src/index.js';
import { type MetalRoute, metalRoutes } from '../generated/metal-variants.js';
import { metalRouteNames, type RouteCall, runRoute } from '../metal-routes.js';

const [kernel] = process.argv.slice(2);
const uses = (route: MetalRoute) => (metalRoutes[route].kernels as readonly string[]).includes(kernel as string);
const route = metalRouteNames.find(uses);
if (!route) throw new Error(`no route has ${kernel}`);

/** Several tiles of keys, the last of them cut; rows for all simdgroups of several threadgroups; more heads than a fragment has rows. */
const calls: readonly RouteCall[] = [
  { route, dtype: 'float16', width: 64, options: { causal: 'bottomRight' } },
  { route, dtype: 'float32', width: 40, heads: { query: 8, kv: 2 } },
  { route, dtype: 'float16', width: 192, options: { window: { left: 40, right: 20 } } },
];

const device = openDeviceSync({ backend: 'metal', device: 'software' });
for (const call of calls) {
  try {
    runRoute(device, call);
  } catch (error) {
    console.log((error as Error).message.replaceAll(/\s+/g, ' '));
    break;
  }
}
