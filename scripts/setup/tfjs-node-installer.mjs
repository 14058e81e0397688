import fs from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { run } from '../lib/run.mjs';

const probeMilliseconds = 3000;
const installMilliseconds = 15 * 60_000;

/** Whether the host that tfjs-node's install script downloads from answers at all, soon. */
export function storageAnswers(folder) {
  const require = createRequire(path.join(folder, 'scripts/install.js'));
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  const proxy = HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy;
  const agent = proxy ? new (require('https-proxy-agent'))(proxy) : undefined;
  return new Promise((resolve) => {
    const request = https.request(storageHost(folder), { method: 'HEAD', agent }, (response) => {
      response.resume();
      resolve(true);
    });
    const timer = setTimeout(() => request.destroy(new Error('no answer')), probeMilliseconds);
    request
      .on('error', () => resolve(false))
      .on('close', () => clearTimeout(timer))
      .end();
  });
}

/** As the script itself decides it: its environment variables, else the address written in it. */
function storageHost(folder) {
  const { TFJS_NODE_CDN_STORAGE, npm_config_TFJS_NODE_CDN_STORAGE, CDN_STORAGE } = process.env;
  const script = fs.readFileSync(path.join(folder, 'scripts/install.js'), 'utf8');
  const written = /BASE_HOST = CDN_STORAGE \|\| '(https:[^']+)'/.exec(script);
  return TFJS_NODE_CDN_STORAGE || npm_config_TFJS_NODE_CDN_STORAGE || CDN_STORAGE || written?.[1];
}

/** Runs tfjs-node's install script as npm would. Returns what it printed last when it fails. */
export async function runOwnInstaller(folder) {
  unshare(path.join(folder, 'package.json'));
  // The script calls node-pre-gyp by name.
  const programs = [
    path.join(folder, 'node_modules/.bin'),
    path.resolve(folder, '../../.bin'),
    path.dirname(process.execPath),
  ];
  const env = { PATH: [...programs, process.env.PATH].join(path.delimiter) };
  try {
    await run(process.execPath, ['scripts/install.js'], { cwd: folder, env, timeout: installMilliseconds });
    return undefined;
  } catch (error) {
    return error.output?.trim().split('\n').at(-1) || error.message;
  }
}

/** The script rewrites its package.json in place, which pnpm shares with its store and with other checkouts. */
function unshare(file) {
  fs.copyFileSync(file, `${file}.part`);
  fs.renameSync(`${file}.part`, file);
}
