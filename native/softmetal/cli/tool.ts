import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Where the Makefile put the tools; SOFTMETAL_BUILD names another folder. */
export function buildFolder(): string {
  const architecture = architectures[process.arch] ?? process.arch;
  return process.env.SOFTMETAL_BUILD ?? fileURLToPath(new URL(`../build/${architecture}`, import.meta.url));
}

/** Runs softmetal-<name>, in front of it what SOFTMETAL_RUNNER says (an emulator), and returns what it printed. */
export function callTool(name: string, words: readonly string[]): string {
  const tool = join(buildFolder(), `softmetal-${name}`);
  if (!existsSync(tool)) throw new Error(`there is no ${tool}: run \`npm run setup\` in the checkout`);
  const [program = tool, ...front] = [...(process.env.SOFTMETAL_RUNNER?.split(' ') ?? []), tool, ...words];
  const { status, signal, stdout, stderr, error } = spawnSync(program, front, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (error) throw error;
  if (stderr) process.stderr.write(stderr);
  if (status !== 0) throw new Error(`softmetal-${name} ended with ${signal ?? status}`);
  return stdout;
}
