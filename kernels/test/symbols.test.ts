import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { externalSymbols } from './external-symbols.js';

const targets = fileURLToPath(new URL('../cpu/targets/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'fa-metal-symbols-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const avx2 = ['-mavx2', '-mfma', '-mf16c'];
const avx512 = ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx512cd', '-mf16c', '-mfma'];
const amx = [...avx512, '-mavx512bf16', '-mamx-tile', '-mamx-bf16', '-Wno-unused-function'];
const none: string[] = [];
const builds =
  process.arch === 'x64'
    ? { scalar: none, avx2, avx512, amx, neon: none }
    : { scalar: none, avx2: none, avx512: none, amx: none, neon: none };

/**
 * An inline function of a header, compiled with AVX-512 and not inlined, is a weak symbol: the linker may keep that copy
 * for the whole program, which then dies on machines without AVX-512. So each instruction set's object defines one name.
 */
describe('objects of one instruction set', () => {
  for (const [isa, flags] of Object.entries(builds)) {
    // Minutes of one core where other builds run beside it.
    it(`${isa} defines its table and nothing else`, { timeout: 300_000 }, () => {
      expect(externalSymbols(join(targets, `${isa}.cc`), flags)).toEqual([`fa::cpu::${isa}_kernels()`]);
    });
  }

  it('the check sees a weak symbol of the C++ library', () => {
    const source = join(scratch, 'weak.cc');
    writeFileSync(source, '#include <vector>\nvoid grow(std::vector<float>& v) { v.push_back(1); }\n');
    expect(externalSymbols(source, []).some((name) => name.includes('std::vector'))).toBe(true);
  });
});
