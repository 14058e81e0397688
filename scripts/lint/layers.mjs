import { deviceLayers } from './device-layers.mjs';

/**
 * The arrows of ARCHITECTURE.md. A file belongs to the layer with the longest folder that contains it; it may use its own layer
 * and those in `uses`. `forbidden` are headers from outside the repository that the layer must not know.
 * Files that belong to no layer (scripts, benchmarks), tests and build scripts may use everything.
 */
const nodeHeaders = /^(napi|node_api|js_native_api)/;
const hostHeaders = /^(onnxruntime_|tensorflow\/)/;

export const layers = [
  { folder: 'kernels', uses: [], forbidden: [nodeHeaders, hostHeaders] },
  // Looks at kernels with the software device's help; nothing uses it.
  {
    folder: 'kernels/report',
    uses: ['kernels', 'native/softmetal/src/kernel_abi.h'],
    forbidden: [nodeHeaders, hostHeaders],
  },
  ...deviceLayers.map((layer) => ({ ...layer, forbidden: [nodeHeaders, hostHeaders] })),
  { folder: 'native/runtime', uses: ['kernels'], forbidden: [nodeHeaders, hostHeaders] },
  { folder: 'native/bridges', uses: ['native/runtime'], forbidden: [nodeHeaders] },
  { folder: 'native/addon', uses: ['native/runtime', 'native/bridges'], forbidden: [hostHeaders] },
  { folder: 'packages/reference', uses: [], forbidden: [] },
  { folder: 'packages/conformance', uses: ['packages/reference'], forbidden: [] },
  { folder: 'packages/core', uses: [], forbidden: [] },
  { folder: 'adapters/tfjs', uses: ['packages/core'], forbidden: [] },
  { folder: 'adapters/onnxruntime', uses: ['packages/core'], forbidden: [] },
];

/** Where the compiler looks for `#include "..."`, after the folder of the including file. */
export const includeFolders = [
  'native/runtime',
  'native',
  'kernels',
  'kernels/include',
  'native/softmetal/src',
  'native/softmetal/include',
];

const testFile = /(^|\/)(test|test-support|tests)\/|\.config\.ts$|\/build[\w-]*\.mjs$/;

export function layerOf(file) {
  if (testFile.test(file)) return undefined;
  return layers
    .filter(({ folder }) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}
