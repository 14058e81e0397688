import { readFileSync } from 'node:fs';

const names: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Of the programs under test: this machine's, or what SOFTMETAL_ARCH says. */
export const architecture = process.env.SOFTMETAL_ARCH ?? names[process.arch] ?? process.arch;

/** Why there is no compiler for kernels; empty when there is one. */
export const noCompiler = process.env.SOFTMETAL_COMPILER ? '' : reasonOfSetup();

function reasonOfSetup(): string {
  if (process.platform !== 'linux') return 'softmetal is for Linux';
  try {
    const { softmetal } = JSON.parse(readFileSync(new URL('../../../.cache/setup.json', import.meta.url), 'utf8'));
    return softmetal?.reason ?? '';
  } catch {
    return '';
  }
}
