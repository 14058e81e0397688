import path from 'node:path';
import { setup } from '../setup.mjs';
import { root } from './paths.mjs';
import { run } from './run.mjs';
import { step } from './steps.mjs';
import { turbo } from './turbo.mjs';

/** Sets up, builds what the package depends on, and runs one of its scripts with this command's own arguments. */
export async function runPackageScript(name, folder, script) {
  await setup();
  await step('packages', async () => {
    await turbo(['run', 'build', `--filter=${name}^...`, '--output-logs=errors-only']);
  });
  const cwd = path.join(root, folder);
  const programs = [path.join(cwd, 'node_modules/.bin'), path.join(root, 'node_modules/.bin'), process.env.PATH];
  const args = ['run', '--silent', script, '--', ...process.argv.slice(2)];
  await run('npm', args, { cwd, show: true, env: { PATH: programs.join(path.delimiter), TF_CPP_MIN_LOG_LEVEL: '2' } });
}
