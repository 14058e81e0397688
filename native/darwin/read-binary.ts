import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const inTarball = 'package/prebuilds/darwin-arm64/addon.node';

/** The bytes of a binary, or of the one inside core's tarball. */
export function readBinary(file: string): Buffer {
  if (!file.endsWith('.tgz')) return readFileSync(file);
  return execFileSync('tar', ['-xzOf', file, inTarball], { maxBuffer: 1 << 28 });
}
