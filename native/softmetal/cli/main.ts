import { existsSync, writeFileSync } from 'node:fs';
import { type CheckOptions, check } from './check.js';
import { printCheck, printRun } from './print.js';
import { createProgram } from './program.js';
import { type RunOptions, run } from './run.js';
import { callTool } from './tool.js';

const program = createProgram({
  run(file: string, options: RunOptions) {
    if (!options.grid === !options.total) throw new Error('give --grid or --total');
    if (!existsSync(file)) throw new Error(`no file '${file}'`);
    const result = run(file, options);
    for (const { index, writeBack } of options.buffer) {
      if (writeBack) writeFileSync(writeBack, result.outputs.get(index) as Uint8Array);
    }
    printRun(result, options);
    if (result.error !== null || result.reports.length > 0) process.exitCode = 1;
  },
  check(files: string[], options: CheckOptions) {
    for (const file of files) if (!existsSync(file)) throw new Error(`no file '${file}'`);
    const complaints = check(files, options);
    printCheck(complaints, options);
    if (complaints !== '') process.exitCode = 1;
  },
  settings(format: string) {
    process.stdout.write(callTool('settings', [format]));
  },
});

try {
  await program.parseAsync();
} catch (error) {
  program.error(`error: ${(error as Error).message}`, { exitCode: 2 });
}
