// What binding.gyp cannot say itself; prints one value or one path per line.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { onnxRuntimeHeaders } from '../../scripts/setup/onnxruntime-headers.mjs';
import { writeMetalSources } from './metal-sources.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

const sourcePatterns = ['../../kernels/cpu/*.cc', '../runtime/**/*.cc', '../bridges/**/*.cc', '../addon/**/*.cc'];

const inputs = {
  /** The one that is generated is written on the way. */
  sources: () => {
    const written = path.relative(here, writeMetalSources());
    return [...globSync(sourcePatterns, { cwd: here }).sort(), written].join('\n');
  },
  'node-addon-api': () => createRequire(import.meta.url)('node-addon-api').include_dir,
  'onnxruntime-headers': async () => (await onnxRuntimeHeaders()).folder,
};

console.log(await inputs[process.argv[2]]());
