import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inTemporaryFolder, runProgram } from './support/installed.js';

interface Outcome {
  errors: ({ code: string; message: string } | undefined)[];
  libraries: string[];
}

const header = readFileSync(new URL('../../../native/bridges/tensorflow/c_api.h', import.meta.url), 'utf8');
const symbols = [...header.matchAll(/^ {2}X\((TF_\w+)/gm)].map(([, name]) => name as string);

/** A library by TensorFlow's name with these symbols, which Node can load because it is an addon as well. */
function compileFake(folder: string, names: readonly string[]): string {
  const source = join(folder, 'fake.c');
  const functions = names.map((name) => `void ${name}(void) {}`);
  const addon = 'void* napi_register_module_v1(void* env, void* exports) { return exports; }';
  writeFileSync(source, [...functions, addon].join('\n'));
  const path = join(folder, `libtensorflow_framework.${process.platform === 'darwin' ? '2.dylib' : 'so.2'}`);
  execFileSync(process.env['CC'] ?? 'cc', ['-shared', '-fPIC', '-o', path, source]);
  return path;
}

test('a process without TensorFlow is told so', async () => {
  const { errors, libraries } = (await runProgram('fake-tensorflow.cjs')) as Outcome;
  expect(libraries).toEqual([]);
  expect(errors[0]).toMatchObject({ code: 'HOST_INCOMPATIBLE' });
  expect(errors[0]?.message).toContain('expected a process that has loaded libtensorflow');
});

test('all that we call is in the list', () => {
  expect(symbols.length).toBe(28);
});

test.each(['TF_AllocateOutput', 'TF_RegisterOpDefinition', 'TF_OpKernelConstruction_GetAttrSize'])(
  'a TensorFlow without %s is refused by the name of the symbol, each time',
  async (missing) => {
    const { errors, libraries } = (await inTemporaryFolder((folder) => {
      const fake = compileFake(
        folder,
        symbols.filter((name) => name !== missing),
      );
      return runProgram('fake-tensorflow.cjs', fake);
    })) as Outcome;
    expect(libraries).toHaveLength(1);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'HOST_INCOMPATIBLE' });
      expect(error?.message).toContain(`expected the symbol ${missing} in ${libraries[0]}`);
    }
  },
);
