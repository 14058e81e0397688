import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from './cached.js';
import { type Counts, count } from './count.js';
import { dispatchOf, plainConstants, type Shape } from './dispatch.js';
import { countRegisters, type RegisterProxy } from './registers.js';
import { softmetal, type Tools } from './tools.js';
import { headersHash, toPtx } from './translate.js';
import { libraryText, type Variant } from './variants.js';

const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Of the software device: counts and translations are its work. */
let deviceIdentity: string | undefined;
function deviceHash(): string {
  const library = join(softmetal, 'build', architectures[process.arch] ?? process.arch, 'libsoftmetal.so');
  deviceIdentity ??= createHash('sha256').update(readFileSync(library)).digest('hex');
  return deviceIdentity;
}

/** Other rules make other figures. */
const rules = readFileSync(new URL('registers.ts', import.meta.url), 'utf8');

export function registersOf(tools: Tools, variant: Variant, constants = plainConstants()): Promise<RegisterProxy> {
  const text = libraryText(variant);
  const identity = ['registers', text, JSON.stringify([...constants]), tools.clangVersion, tools.ptxas, rules];
  return cached([...identity, headersHash(), deviceHash()], async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fa-metal-registers-'));
    try {
      const [metal, ptx] = [join(folder, 'kernel.metal'), join(folder, 'kernel.ptx')];
      writeFileSync(metal, text);
      await toPtx(tools, { metal, name: variant.hostName, constants }, ptx);
      return await countRegisters(tools, ptx);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

export function countsOf(variant: Variant, shape: Shape, constants = plainConstants()): Promise<Counts> {
  const text = libraryText(variant);
  const dispatch = dispatchOf(variant, shape, constants);
  const parameters = [...dispatch.bytes].map(([index, data]) => [index, Buffer.from(data).toString('hex')]);
  const described = JSON.stringify([dispatch.threadgroups, dispatch.threads, [...dispatch.constants], parameters]);
  return cached(['counts', text, described, deviceHash()], () => count(text, variant.hostName, dispatch));
}
