import { readFileSync } from 'node:fs';

const names: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Of the programs under test: this machine's, or what SOFTMETAL_ARCH says. */
export const architecture = process.env.SOFTMETAL_ARCH ?? names[process.arch] ?? process.arch;

/** Random schedules that a kernel without bugs must be silent under; emulation is slow. */
export const schedules = process.env.SOFTMETAL_RUNNER ? 4 : 20;

/** In front of the names of tests whose programs an emulator runs. */
export const emulated = process.env.SOFTMETAL_RUNNER ? `${architecture} ` : '';

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
