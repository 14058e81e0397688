import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = fileURLToPath(new URL(`../../native/softmetal/build/${machine}/libsoftmetal.so`, import.meta.url));

/** Behind the name of a test that needs softmetal: why it is skipped. Empty when it is built. */
export const missing = existsSync(library) ? '' : ' (softmetal is not built: Linux only, npm run setup)';
