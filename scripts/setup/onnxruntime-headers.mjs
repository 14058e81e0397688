import fs from 'node:fs';
import path from 'node:path';
import { sharedCache } from '../lib/paths.mjs';
import { publishFolder } from '../lib/publish.mjs';
import { run, tryRun } from '../lib/run.mjs';

const goModule = { name: 'github.com/yalue/onnxruntime_go', version: 'v1.27.0' };
const npmPackage = { name: 'com.github.asus4.onnxruntime', version: '0.4.9' };
const npmHeaders = 'package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers';

const sources = [
  // 2 seconds, API 24.
  { id: `go-${goModule.version}`, available: async () => Boolean(await tryRun('go', ['version'])), fetch: fetchFromGo },
  // 150 MB for the sake of 0.5 MB, API 29; the functions that we call are the same.
  { id: `npm-${npmPackage.version}`, available: async () => true, fetch: fetchFromNpm },
];

/**
 * ONNX Runtime's C headers, which neither onnxruntime-node nor the Python package carries.
 * Returns { folder, apiVersion }; the folder is in the shared cache and filled at the first call.
 */
export async function onnxRuntimeHeaders() {
  for (const { id } of sources) {
    const folder = cacheFolder(id);
    if (fs.existsSync(folder)) return describe(folder);
  }
  const causes = [];
  for (const source of sources) {
    if (!(await source.available())) continue;
    try {
      await publishFolder(cacheFolder(source.id), source.fetch);
      return describe(cacheFolder(source.id));
    } catch (error) {
      causes.push(error);
    }
  }
  throw new AggregateError(causes, causes.map((cause) => cause.message).join('\n'));
}

const cacheFolder = (id) => path.join(sharedCache, `onnxruntime-headers-${id}`);

function describe(folder) {
  const text = fs.readFileSync(path.join(folder, 'onnxruntime_c_api.h'), 'utf8');
  return { folder, apiVersion: Number(/#define ORT_API_VERSION (\d+)/.exec(text)[1]) };
}

async function fetchFromGo(target) {
  const modules = path.join(target, 'modules');
  const env = { GOMODCACHE: modules, GOFLAGS: '-modcacherw', GOWORK: 'off' };
  const output = await run('go', ['mod', 'download', '-json', `${goModule.name}@${goModule.version}`], {
    cwd: target,
    env,
  });
  copyHeaders(JSON.parse(output).Dir, target);
  fs.rmSync(modules, { recursive: true });
}

async function fetchFromNpm(target) {
  await run('npm', ['pack', '--silent', `${npmPackage.name}@${npmPackage.version}`], { cwd: target });
  const tarball = fs.readdirSync(target).find((name) => name.endsWith('.tgz'));
  await run('tar', ['xzf', tarball, npmHeaders], { cwd: target });
  copyHeaders(path.join(target, npmHeaders), target);
  fs.rmSync(path.join(target, 'package'), { recursive: true });
  fs.rmSync(path.join(target, tarball));
}

function copyHeaders(from, to) {
  for (const name of fs
    .readdirSync(from)
    .filter((name) => /^onnxruntime_.*\.h$/.test(name) && !/wrapper|cxx/.test(name))) {
    fs.copyFileSync(path.join(from, name), path.join(to, name));
  }
}
