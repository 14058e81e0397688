import path from 'node:path';
import { cxxCompiler } from '../setup/prerequisites.mjs';
import { readState } from '../setup/state.mjs';
import { platformName, root } from './paths.mjs';
import { run } from './run.mjs';

/** Runs turbo. What a result depends on beside files is put into environment variables that turbo.json hashes. */
export async function turbo(args, options) {
  const programs = path.join(root, 'node_modules/.bin');
  const env = {
    ...(await hashedEnvironment()),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    PATH: [programs, process.env.PATH].join(path.delimiter),
  };
  return run(path.join(programs, 'turbo'), args, { ...options, env });
}

async function hashedEnvironment() {
  const { tensorflow, onnxruntimeHeaders, python, softmetal } = readState();
  const compiler = await cxxCompiler();
  return {
    FA_METAL_TOOLCHAIN: [
      platformName,
      compiler?.version,
      `ONNX Runtime API ${onnxruntimeHeaders?.apiVersion}`,
      softmetal?.version ?? 'no clang',
    ].join(', '),
    FA_METAL_HOSTS: [
      process.version,
      tensorflow?.version ?? 'no TensorFlow',
      python?.path ?? 'no Python packages',
    ].join(', '),
  };
}
