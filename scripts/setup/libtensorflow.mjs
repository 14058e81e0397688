import fs from 'node:fs';
import path from 'node:path';
import { sharedCache } from '../lib/paths.mjs';
import { publishFolder } from '../lib/publish.mjs';
import { run, tryRun } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';
import { pip } from './prerequisites.mjs';
import { unzip } from './unzip.mjs';

/** Has libtensorflow_cc, headers for the binding, and is the smallest wheel that does. */
export const defaultSource = '2.13.1';
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** The binding needs the C API and the string type below it; the rest of a wheel's headers is C++, 100 MB of it. */
const neededHeader =
  /(?:^|\/)include\/((?:tensorflow\/c|tensorflow\/core\/platform|(?:[a-z]+\/)*tsl\/(?:c|platform))\/.*\.h)$/;

/**
 * libtensorflow from a registry, in the shared cache: `2.13.1` is PyPI's tensorflow-cpu of that version, `mvn:0.4.2` Maven's
 * org.tensorflow (0.4.2 is TensorFlow 2.7.4, the minor that tfjs-node uses on macOS arm64). Returns its folder: lib/, include/.
 */
export async function libtensorflow(source = defaultSource) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(`no registry carries a libtensorflow for ${process.platform}-${process.arch}`);
  }
  const folder = path.join(sharedCache, `libtensorflow-${source.replace(':', '-')}`);
  await publishFolder(folder, async (temporary) => {
    const archive = await (source.startsWith('mvn:') ? downloadJar : downloadWheel)(
      source.replace('mvn:', ''),
      temporary,
    );
    await unzip(archive, (name) => placeFor(name, temporary));
    fs.rmSync(archive);
    await strip(temporary);
  });
  return folder;
}

function placeFor(name, folder) {
  if (libraries.includes(path.basename(name))) return path.join(folder, 'lib', path.basename(name));
  const header = neededHeader.exec(name);
  return header ? path.join(folder, 'include', header[1]) : undefined;
}

/** The Python of this machine need not be one that the wheel is for: only the library inside is used. */
async function downloadWheel(version, folder) {
  const { command, args } = await pip();
  const failures = [];
  for (const platform of ['manylinux_2_17_x86_64', 'manylinux_2_27_x86_64']) {
    for (const pythonVersion of ['3.11', '3.12']) {
      const target = ['--only-binary=:all:', '--platform', platform, '--python-version', pythonVersion];
      try {
        await run(command, [
          ...args,
          'download',
          '-q',
          '--no-deps',
          '--no-cache-dir',
          ...target,
          '-d',
          folder,
          `tensorflow-cpu==${version}`,
        ]);
        return archiveIn(folder, '.whl');
      } catch (error) {
        failures.push(error.output.trim().split('\n').at(-1));
      }
    }
  }
  throw new UserError(`pip cannot download tensorflow-cpu ${version}: ${failures[0]}`);
}

async function downloadJar(version, folder) {
  if (!(await tryRun('mvn', ['--version'])))
    throw new UserError('mvn is missing (on Debian and Ubuntu: apt-get install maven).');
  const artifact = version.startsWith('0.') ? 'tensorflow-core-api' : 'tensorflow-core-native';
  const repository = path.join(folder, 'repository');
  await run('mvn', [
    '-q',
    '-B',
    `-Dmaven.repo.local=${repository}`,
    'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get',
    '-Dtransitive=false',
    `-Dartifact=org.tensorflow:${artifact}:${version}:jar:linux-x86_64`,
  ]);
  const jar = path.join(folder, 'library.jar');
  fs.renameSync(
    path.join(repository, `org/tensorflow/${artifact}/${version}/${artifact}-${version}-linux-x86_64.jar`),
    jar,
  );
  fs.rmSync(repository, { recursive: true });
  return jar;
}

const archiveIn = (folder, extension) =>
  path.join(
    folder,
    fs.readdirSync(folder).find((name) => name.endsWith(extension)),
  );

/** A quarter of the size is symbols that nobody looks at. */
async function strip(folder) {
  for (const name of libraries) {
    const file = path.join(folder, 'lib', name);
    fs.chmodSync(file, 0o755);
    await tryRun('strip', ['--strip-unneeded', file]);
  }
}
