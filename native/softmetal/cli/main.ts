import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { sourceFile } from './arguments.js';
import { type CheckOptions, check, refuses } from './check.js';
import { requireConsistent } from './consistent.js';
import { printCheck, printRun } from './print.js';
import { createProgram } from './program.js';
import { type RunOptions, run } from './run.js';
import { callTool } from './tool.js';
import { type TranslateOptions, translate } from './translate.js';

/** 0: nothing was found; 1: something was; 2: it was not asked rightly. */
const status = { found: 1, wrongCall: 2 };

const program = createProgram({
  run(file: string, options: RunOptions) {
    requireConsistent(options);
    const result = run(sourceFile(file), options);
    if (result.stage === 'settings') throw new Error(result.error ?? '');
    for (const { index, writeBack } of options.buffer) {
      if (writeBack) writeFileSync(writeBack, result.outputs.get(index) as Uint8Array);
    }
    printRun(result, options);
    if (result.error !== null || result.reports.length > 0) process.exitCode = status.found;
  },
  check(files: string[], options: CheckOptions) {
    const complaints = check(files.map(sourceFile), options);
    printCheck(complaints, options);
    if (refuses(complaints)) process.exitCode = status.found;
  },
  translate(file: string, options: TranslateOptions) {
    process.stdout.write(translate(sourceFile(file), options));
  },
  settings(format: string) {
    process.stdout.write(callTool('settings', [format]));
  },
});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has already printed its own.
  if (!(error instanceof CommanderError)) console.error(`error: ${(error as Error).message}`);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : status.wrongCall;
}
