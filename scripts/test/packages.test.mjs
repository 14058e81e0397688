import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformName, root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { readState } from '../setup/state.mjs';
import { createConsumer, manifestOf, published } from '../test-support/consumer.mjs';
import { readmeExample } from '../test-support/readme.mjs';

const program = (name) => path.join(root, 'node_modules/.bin', name);
const env = { TF_CPP_MIN_LOG_LEVEL: '2' };
const names = published.map((folder) => manifestOf(folder).name);
let consumer;

beforeAll(async () => {
  consumer = await createConsumer();
});
afterAll(() => consumer?.remove());

const installed = (name, ...rest) => path.join(consumer.folder, 'node_modules', name, ...rest);

function runFile(name, text) {
  fs.writeFileSync(path.join(consumer.folder, name), text);
  return run(process.execPath, [name], { cwd: consumer.folder, env });
}

/** An example runs as it stands; where libtensorflow cannot be had, on plain tfjs. */
const { tensorflow } = readState();
const runsOn = tensorflow?.route === 'none' ? `on plain tfjs: ${tensorflow.reason}` : 'as it stands';
function runExample(file, text) {
  const plain = tensorflow?.route === 'none';
  return runFile(file, plain ? text.replaceAll('@tensorflow/tfjs-node', '@tensorflow/tfjs') : text);
}

describe.each(names)('%s', (name) => {
  test('loads as ES module and as CommonJS, with the same exports', async () => {
    const print = 'console.log(JSON.stringify(Object.keys(loaded).filter((key) => key !== "default").sort()))';
    const id = name.replace('/', '-');
    const esm = await runFile(`${id}.mjs`, `import * as loaded from '${name}';\n${print};`);
    const cjs = await runFile(`${id}.cjs`, `const loaded = require('${name}');\n${print};`);
    expect(JSON.parse(esm).length).toBeGreaterThan(0);
    expect(cjs).toBe(esm);
  });

  test('carries its licence and README, and no tests', () => {
    const files = fs.readdirSync(installed(name));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'src']));
    expect(files).not.toContain('test');
  });

  test('has no install script', () => {
    const { scripts = {} } = JSON.parse(fs.readFileSync(installed(name, 'package.json'), 'utf8'));
    expect(Object.keys(scripts).filter((script) => /install|prepare/.test(script))).toEqual([]);
  });

  test('publint finds nothing', async () => {
    await run(program('publint'), ['run', '--strict', consumer.tarballs.get(name)]);
  });

  test('types resolve for every kind of consumer', async () => {
    await run(program('attw'), [consumer.tarballs.get(name), '--profile', 'node16', '--format', 'ascii']);
  });

  test(`the README's example runs ${runsOn}`, async () => {
    const example = readmeExample(installed(name));
    expect(example, 'a fenced js block in README.md').toBeDefined();
    await runExample('readme-example.mjs', example);
  });
});

test('types are found by an ES module and by a CommonJS file', async () => {
  const source = names.map((name, index) => `import * as p${index} from '${name}';\nexport { p${index} };`).join('\n');
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  fs.writeFileSync(path.join(consumer.folder, 'esm.mts'), source);
  fs.writeFileSync(path.join(consumer.folder, 'cjs.cts'), source);
  const config = { compilerOptions, files: ['esm.mts', 'cjs.cts'] };
  fs.writeFileSync(path.join(consumer.folder, 'tsconfig.json'), JSON.stringify(config));
  await run(program('tsc'), ['--project', consumer.folder]);
});

test(`the front page's example runs ${runsOn}`, async () => {
  await runExample('front-page-example.mjs', readmeExample(root));
});

test('attention runs with the binary of the tarball', async () => {
  expect(fs.existsSync(installed('@fa-metal/core', 'prebuilds', platformName, 'addon.node'))).toBe(true);
  const code = (load) => `
    ${load}
    const tensor = () => ({ data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2], dtype: 'float32' });
    const { out } = core.openDeviceSync({ backend: 'cpu' }).attentionSync(tensor(), tensor(), tensor(), {});
    console.log(JSON.stringify([core.nativeLibraryPath(), ...out.data]));`;
  const esm = JSON.parse(await runFile('attention.mjs', code("import * as core from '@fa-metal/core';")));
  const cjs = JSON.parse(await runFile('attention.cjs', code("const core = require('@fa-metal/core');")));
  expect(esm).toEqual(cjs);
  expect(esm[0].startsWith(installed('@fa-metal/core'))).toBe(true);
  // Softmax of (5, 11) / sqrt 2 and of (11, 25) / sqrt 2 over the rows (1, 2) and (3, 4).
  const mix = (difference) => 2 / (1 + Math.exp(-difference / Math.SQRT2));
  const expected = [1 + mix(6), 2 + mix(6), 1 + mix(14), 2 + mix(14)];
  esm.slice(1).forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index], 5);
  });
});

test('npx fa-metal doctor is content', async () => {
  const output = await run('npx', ['--no-install', 'fa-metal', 'doctor', '--json'], { cwd: consumer.folder, env });
  expect(() => JSON.parse(output.slice(output.indexOf('{')))).not.toThrow();
});
