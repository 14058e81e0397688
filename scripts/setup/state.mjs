import fs from 'node:fs';
import path from 'node:path';
import { checkoutCache } from '../lib/paths.mjs';
import { replaceFile } from '../lib/publish.mjs';

const file = path.join(checkoutCache, 'setup.json');

/**
 * What setup found, for tests and scripts of this checkout:
 * tensorflow { route, version?, reason? }, onnxruntimeHeaders { folder, apiVersion }, softmetal { command, version, zig? },
 * clangFormat and python { ... }; the last three have { reason } instead when they are not there.
 */
export function readState() {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

export function writeState(part) {
  const text = `${JSON.stringify({ ...readState(), ...part }, null, 2)}\n`;
  replaceFile(file, (temporary) => fs.writeFileSync(temporary, text));
}
