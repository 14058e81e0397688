import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../cli/program.js';
import { type Report, type RunOptions, run } from '../cli/run.js';
import { emulated, schedules } from './toolchain.js';

const folder = new URL('bugs/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.metal'));

interface Expectation {
  line: number;
  kinds: string[];
  argument: string | undefined;
}

/** A kernel with a bug: its `// run:` line is a command line, `// expect: kind[|kind] [argument]` marks where it is found. */
function read(name: string) {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const expectations = text.split('\n').flatMap((line, index): Expectation[] => {
    const [, kinds, argument] = /\/\/ expect: ([\w|-]+)(?: (\w+))?/.exec(line) ?? [];
    return kinds ? [{ line: index + 1, kinds: kinds.split('|'), argument }] : [];
  });
  const [, words] = /^\/\/ run: (.*)$/m.exec(text) ?? [];
  if (!words || expectations.length === 0) throw new Error(`${name} says not how it runs or what is found`);
  return { words: words.split(' '), expectations };
}

function options(words: readonly string[]): RunOptions {
  let found: RunOptions | undefined;
  const program = createProgram({
    run: (_, options) => {
      found = options;
    },
    check: () => {},
    translate: () => {},
    settings: () => {},
  });
  program.parse(['run', 'kernel.metal', ...words], { from: 'user' });
  return found as RunOptions;
}

const path = (name: string) => new URL(name, folder).pathname;
const fits =
  ({ line, kinds, argument }: Expectation) =>
  (report: Report) =>
    kinds.includes(report.kind) && report.location.line === line && (!argument || report.argument?.name === argument);

describe.each(files)(`${emulated}%s`, (name) => {
  const { words, expectations } = read(name);

  test('is found, at its line', () => {
    const { reports, error } = run(path(name), options([...words, '--validate']));
    const shown = reports.map(({ text }) => text).join('\n');
    expect(error).not.toBeNull();
    expect(
      expectations.some((expectation) => reports.some(fits(expectation))),
      shown,
    ).toBe(true);
  });

  test(`mended, it is silent under ${schedules} schedules`, () => {
    const result = run(path(name), options([...words, '--define', 'MENDED', '--validate', '--seeds', `${schedules}`]));
    expect(result.reports.map(({ text }) => text)).toEqual([]);
    expect(result.error).toBeNull();
  });
});
