import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Runs build/<arch>/softmetal-<name>, in front of it what SOFTMETAL_RUNNER says (an emulator), and returns what it printed. */
export function callTool(name: string, words: readonly string[]): string {
  const architecture = process.env.SOFTMETAL_ARCH ?? architectures[process.arch] ?? process.arch;
  const tool = fileURLToPath(new URL(`../build/${architecture}/softmetal-${name}`, import.meta.url));
  if (!existsSync(tool))
    throw new Error(`softmetal is not built for ${architecture}: run \`npm run setup\` in the checkout`);
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
