import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectedBinary } from '../../native/darwin/expected.js';
import { onlyCommand, readMachO } from '../../native/darwin/mach-o.js';
import { readBinary } from '../../native/darwin/read-binary.js';
import { problemsOf } from '../../native/darwin/rules.js';
import { expectedSignature, signaturePlace, signatureProblems } from '../../native/darwin/signature.js';
import { repositoryFiles } from '../lib/files.mjs';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { readState } from '../setup/state.mjs';
import { pack } from '../test-support/consumer.mjs';

function reasonToSkip() {
  if (process.platform !== 'linux') return ': looked at on Linux';
  return readState().softmetal?.zig ? '' : ': zig, which builds it, is not here';
}
const reason = reasonToSkip();

describe.skipIf(reason)(`the binary for macOS in core's tarball${reason}`, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fa-metal-darwin-'));
  const expected = expectedBinary();
  let bytes;
  let file;

  beforeAll(async () => {
    bytes = readBinary(await pack('packages/core', folder));
    file = readMachO(bytes);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  const inCopy = (change) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return copy;
  };
  const flipped = (at) => inCopy((copy) => copy.writeUInt8(copy[at] ^ 1, at));
  const problems = (copy) => problemsOf(copy, expected);

  /** Only the rule about what was changed can find it: the hashes are right again. */
  const signedAgain = (change) =>
    inCopy((copy) => {
      change(copy);
      copy.set(expectedSignature(readMachO(copy), expected.fileName), signaturePlace(file).begin);
    });

  test('would be loaded by macOS 13', () => {
    expect(problems(bytes)).toEqual([]);
  });

  test.each([
    ['the first instruction', () => file.segments[0].end >> 1],
    ['the MSL of forward', () => bytes.indexOf(expected.kernelTexts.get('forward')) + 100],
    ['the list of imports', () => onlyCommand(file, 'LC_DYLD_INFO_ONLY').readUInt32LE(32) + 1],
    ['unused bytes between segments', () => file.segments[1].begin - 1],
    ['the last hash', () => bytes.lastIndexOf(expectedSignature(file, expected.fileName).subarray(-33))],
  ])('one byte of %s changed', (_, place) => {
    expect(problems(flipped(place()))).not.toEqual([]);
  });

  test('any byte of the signature changed, in its header and in each hash', () => {
    const { begin, size } = signaturePlace(file);
    const places = Array.from({ length: size }, (_, index) => begin + index).filter((_, i) => i < 160 || i % 16 === 0);
    const unseen = places.filter((at) => signatureProblems(readMachO(flipped(at)), expected.fileName).length === 0);
    expect(unseen).toEqual([]);
  });

  const replace = (from, to) => (copy) => copy.set(Buffer.from(to), copy.indexOf(from));
  const inCommand = (name, at, value) => (copy) => onlyCommand(readMachO(copy), name).writeUInt8(value, at);

  test.each([
    ['Metal kernels', replace('metal_stdlib', 'metal_stdlic')],
    ['Metal kernels', (copy) => replace(expected.kernelTexts.get('dkv_f16_64'), 'tempBate')(copy)],
    ['architecture', (copy) => copy.writeUInt32LE(0x01000007, 4)],
    ['architecture', (copy) => copy.writeUInt32LE(2, 8)],
    ['oldest system', inCommand('LC_BUILD_VERSION', 14, 14)],
    ['oldest system', inCommand('LC_BUILD_VERSION', 8, 2)],
    ['install name', replace('@rpath/addon', '/build/addon')],
    ['libraries', replace('/usr/lib/libSystem.B', '/usr/lib/libobjc.2.B')],
    ['libraries', inCommand('LC_UUID', 0, 12)],
    ['load commands', inCommand('LC_UUID', 0, 28)],
    ['imports', replace('_dlopen\0', '_dlopex\0')],
    ['imports', replace('_napi_create_error\0', '_napi_create_errxr\0')],
    ['exports', replace('gisterCustomOps\0', 'gisterCustomOpt\0')],
    ['secrets', (copy) => copy.write(root, file.segments[1].begin - 100 - root.length)],
  ])('%s is found by its own rule when all hashes are right', (rule, change) => {
    const found = problems(signedAgain(change));
    expect(found.join('\n')).toContain(`${rule}: `);
    expect(found.filter((problem) => problem.startsWith('signature'))).toEqual([]);
  });

  test('a second build, of a copy in another folder, has the same bytes', { timeout: 1_200_000 }, async () => {
    const copy = path.join(folder, 'elsewhere');
    const inputs = repositoryFiles().filter((name) =>
      /^(native|kernels|scripts|package\.json|packages\/core\/)/.test(name),
    );
    for (const name of inputs.filter((name) => !name.startsWith('native/softmetal'))) {
      fs.cpSync(path.join(root, name), path.join(copy, name));
    }
    for (const modules of ['node_modules', 'native/node_modules']) {
      fs.symlinkSync(path.join(root, modules), path.join(copy, modules));
    }
    await run(process.execPath, ['native/darwin/build.mjs'], { cwd: copy });
    const second = fs.readFileSync(path.join(copy, 'packages/core/prebuilds/darwin-arm64/addon.node'));
    expect(second.equals(bytes)).toBe(true);
  });

  test('no header of an Apple framework is included by what it is built from', () => {
    const apple = '#\\s*(include|import)\\s*<(Foundation|Metal|CoreFoundation|CoreGraphics|QuartzCore|objc|dispatch)';
    const search = ['grep', '-nE', apple, '--', 'native/addon', 'native/bridges', 'native/runtime', 'kernels'];
    // 1: found nothing; anything above is a search that failed.
    expect(spawnSync('git', search, { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' });
  });
});
