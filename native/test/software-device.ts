import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = fileURLToPath(new URL(`../softmetal/build/${machine}/libsoftmetal.so`, import.meta.url));
process.env['FA_METAL_SOFTWARE_LIBRARY'] ??= library;

/** Behind the name of a test that needs the software Metal device: why it is skipped. Empty when there is one. */
export const missing = existsSync(library) ? '' : ' (softmetal is not built: Linux only, npm run setup)';
