import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { listCases, type ProgramRun, parseTap, runProgram } from './tap.js';
import { architecture, emulated, noCompiler } from './toolchain.js';

const folder = fileURLToPath(new URL(`../build/${architecture}/test/`, import.meta.url));

/** Names of test programs, by their sources: a program that was not built must not be overlooked. */
const all = ['unit', 'client'].flatMap((kind) =>
  readdirSync(new URL(`${kind}/`, import.meta.url))
    .filter((name) => name.endsWith('_test.cc'))
    .map((name) => `${kind}/${name.replace('_test.cc', '')}`),
);

/** SOFTMETAL_PROGRAMS names some of them: the others are for another time. */
const wanted = process.env.SOFTMETAL_PROGRAMS?.split(' ') ?? all;
const programs = all.filter((name) => wanted.includes(name));
const left = all.length - programs.length;
if (left > 0) test.skip(`${emulated}${left} more programs, the planted bugs and the examples: npm run test:arm64`);

test('there are the programs that were asked for', () => {
  expect(wanted.filter((name) => !all.includes(name))).toEqual([]);
});

for (const name of programs) {
  const title = noCompiler ? `${name} (skipped: ${noCompiler})` : emulated + name;
  describe.skipIf(noCompiler).concurrent(title, () => {
    const program = join(folder, name);
    if (!existsSync(program)) {
      test('is built', () => expect.fail(`${program} is missing: node build.mjs tests`));
      return;
    }
    let result: ProgramRun | undefined;
    beforeAll(async () => {
      result = await runProgram(program);
    }, 0);

    for (const each of noCompiler ? ['all cases'] : listCases(program)) {
      test(each, ({ skip }) => {
        const outcome = result?.outcomes.get(each);
        if (!outcome) expect.fail(`no outcome: ${result?.trouble ?? 'the program left it out'}`);
        if (outcome.skipped) skip(outcome.skipped);
        if (!outcome.passed) expect.fail(outcome.remarks);
      });
    }
    test('ends well', () => {
      if (result?.trouble) expect.fail(result.trouble);
    });
  });
}

test('the reader of test results', () => {
  const outcomes = parseTap('ok 1 - a - b\nnot ok 2 - c\n# why\n# and\nok 3 - d # SKIP no GPU\n1..3\n');
  expect([...outcomes]).toEqual([
    ['a - b', { passed: true, remarks: '' }],
    ['c', { passed: false, remarks: 'why\nand\n' }],
    ['d', { passed: true, remarks: '', skipped: 'no GPU' }],
  ]);
});
