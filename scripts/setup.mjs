// `npm run setup`: everything that the other commands need. Finds out by itself what is there already; see CONTRIBUTING.md.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './lib/lock.mjs';
import { checkoutCache } from './lib/paths.mjs';
import { main, step } from './lib/steps.mjs';
import { turbo } from './lib/turbo.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { kernelCompiler } from './setup/kernel-compiler.mjs';
import { onnxRuntimeHeaders } from './setup/onnxruntime-headers.mjs';
import { requireNode, requirePrerequisites } from './setup/prerequisites.mjs';
import { clangFormat, pythonPackages } from './setup/python-packages.mjs';
import { writeState } from './setup/state.mjs';
import { provisionTfjsNode } from './setup/tfjs-node.mjs';

const toolSteps = {
  'JavaScript packages (pnpm)': installDependencies,
  'clang-format': async () => {
    const found = await clangFormat();
    writeState({ clangFormat: found });
    return found.reason && `not available, formatting of C++ is not checked: ${found.reason}`;
  },
};

const allSteps = {
  'compiler, make, python3': requirePrerequisites,
  ...toolSteps,
  'TensorFlow for tfjs-node (200 MB at first)': async () => {
    const tensorflow = await provisionTfjsNode();
    writeState({ tensorflow });
    if (tensorflow.route === 'none') return `not available, tfjs runs on its own backends: ${tensorflow.reason}`;
    return `${tensorflow.version}, from ${tensorflow.route === 'installer' ? "tfjs-node's own installer" : 'a package registry'}`;
  },
  "ONNX Runtime's C headers": async () => {
    const onnxruntimeHeaders = await onnxRuntimeHeaders();
    writeState({ onnxruntimeHeaders });
    return `API ${onnxruntimeHeaders.apiVersion}`;
  },
  'Python packages for tests': async () => {
    const python = await pythonPackages();
    writeState({ python });
    return python.reason && `not available, tests in Python are skipped: ${python.reason}`;
  },
  "clang for softmetal's kernels (zig, 100 MB at first)": async () => {
    const softmetal = await kernelCompiler();
    writeState({ softmetal });
    return softmetal.version ?? `not available, softmetal's tests are skipped: ${softmetal.reason}`;
  },
  'native binary, @fa-metal/core, softmetal': async () => {
    const packages = ['--filter=@fa-metal/core', '--filter=softmetal'];
    await turbo(['run', 'build', ...packages, '--output-logs=errors-only']);
  },
};

/** Everything that demo, tests and benchmarks need. */
export const setup = () => runSteps(allSteps);

/** What lint, formatter, type check and build need. */
export const setupTools = () => runSteps(toolSteps);

async function runSteps(steps) {
  requireNode();
  const lock = path.join(checkoutCache, 'setup.lock');
  const runAll = async () => {
    for (const [title, action] of Object.entries(steps)) await step(title, action);
  };
  await withLock(lock, runAll, (pid) => console.log(`waiting for another setup of this checkout (process ${pid})`));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(setup);
