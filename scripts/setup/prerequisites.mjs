import { tryRun } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';

const isMac = process.platform === 'darwin';
const cure = (macOS, debian) => (isMac ? macOS : `on Debian and Ubuntu: ${debian}; elsewhere the package of that name`);
const xcode = 'xcode-select --install';

/** Without these nothing can be built: setup stops. */
export async function requirePrerequisites() {
  requireNode();
  const missing = [];
  if (!(await cxxCompiler()))
    missing.push(`A C++ compiler (c++, g++ or clang++) is missing: ${cure(xcode, 'apt-get install g++')}.`);
  if (!(await tryRun('make', ['--version']))) missing.push(`make is missing: ${cure(xcode, 'apt-get install make')}.`);
  if (!(await python()))
    missing.push(`python3 is missing (node-gyp needs it): ${cure('brew install python', 'apt-get install python3')}.`);
  if (missing.length > 0) throw new UserError(missing.join('\n'));
}

/** The range of `engines` in package.json. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!fits)
    throw new UserError(`Node ${process.versions.node} is too old: install Node 20.19 or later, or 22.12 or later.`);
}

/** The compiler that node-gyp would take: CXX, or the first one found. */
export async function cxxCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  for (const command of candidates) {
    const version = await tryRun(command, ['--version']);
    if (version) return { command, version: version.split('\n')[0] };
  }
  return undefined;
}

/** { command, version: [3, 11] } of the Python on the path. */
export async function python() {
  for (const command of ['python3', 'python']) {
    const version = await tryRun(command, ['-c', 'import sys; print(*sys.version_info[:2])']);
    if (version?.startsWith('3 ')) return { command, version: version.split(' ').map(Number) };
  }
  return undefined;
}

/** The command line that starts pip, or throws one sentence that says how to get it. */
export async function pip() {
  const found = await python();
  if (!found)
    throw new UserError(`python3 is missing: ${cure('brew install python', 'apt-get install python3 python3-pip')}.`);
  if (!(await tryRun(found.command, ['-m', 'pip', '--version']))) {
    throw new UserError(
      `pip is missing for ${found.command}: ${cure(`${found.command} -m ensurepip`, 'apt-get install python3-pip')}.`,
    );
  }
  return { ...found, args: ['-m', 'pip', '--disable-pip-version-check'] };
}
