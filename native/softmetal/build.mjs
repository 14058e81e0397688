// Builds libsoftmetal.so and the programs of the command line, incrementally; `node build.mjs tests` the test programs, too.
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../scripts/lib/lock.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { main } from '../../scripts/lib/steps.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Runs make with these variables and targets, alone in this checkout. */
export function make(...words) {
  const build = () =>
    run('make', ['--silent', `-j${os.availableParallelism()}`, ...words], { cwd: folder, show: true });
  return withLock(path.join(folder, '.cache/build.lock'), build, (pid) =>
    console.log(`waiting for another build of softmetal (process ${pid})`),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    if (process.platform === 'linux') await make('library', 'tools', ...process.argv.slice(2));
    else console.log('softmetal is for Linux: nothing to build');
  });
}
