// The register proxy on kernels whose need is known, and on the variants that the table promises to be good.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEstimates } from '../../report/estimates.js';
import { core } from '../../report/model.js';
import { readProfile, staleProfiles } from '../../report/profiles.js';
import { countRegisters, type RegisterProxy, spilling } from '../../report/registers.js';
import { fitsRegisters, forEach, type Row, reportRow } from '../../report/report.js';
import { provideTools } from '../../report/tools.js';
import { toPtx } from '../../report/translate.js';
import { type Variant, variantNamed, variants } from '../../report/variants.js';

const tools = await provideTools().catch((error: Error) => error.message);
const missing = typeof tools === 'string' ? ` (skipped: ${tools})` : '';
const available = () => {
  if (typeof tools === 'string') throw new Error(tools);
  return tools;
};

const folder = mkdtempSync(join(tmpdir(), 'fa-metal-proxy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sums of `count` products, all of them alive in the loop. */
const products = (count: number, type: string, own: number) => `
#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;
template <typename T, int count, int own>
[[kernel]] void f(const device T *in [[buffer(0)]], device float *out [[buffer(1)]], constant int &steps [[buffer(2)]]) {
  threadgroup T staged[64 * 8];
  simdgroup_matrix<T, 8, 8> left[own];
  simdgroup_matrix<float, 8, 8> sums[count];
#pragma unroll
  for (int i = 0; i < own; i++) simdgroup_load(left[i], in + 64 * i, 8);
#pragma unroll
  for (int i = 0; i < count; i++) sums[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  for (int step = 0; step < steps; step++) {
    simdgroup_matrix<T, 8, 8> right;
    simdgroup_load(right, staged + 64 * (step & 7), 8);
#pragma unroll
    for (int i = 0; i < count; i++) simdgroup_multiply_accumulate(sums[i], left[i % own], right, sums[i]);
  }
#pragma unroll
  for (int i = 0; i < count; i++) simdgroup_store(sums[i], out + 64 * i, 8);
}
template [[host_name("f")]] [[kernel]] decltype(f<${type}, ${count}, ${own}>) f<${type}, ${count}, ${own}>;
`;

async function registers(count: number, type: string, own: number): Promise<RegisterProxy> {
  const [metal, ptx] = [join(folder, `f${count}${type}${own}.metal`), join(folder, `f${count}${type}${own}.ptx`)];
  writeFileSync(metal, products(count, type, own));
  await toPtx(available(), { metal, name: 'f', constants: new Map() }, ptx);
  return countRegisters(available(), ptx);
}

describe.skipIf(missing !== '')(`the register proxy${missing}`, () => {
  it('an accumulator takes two registers, whatever the operands are', async () => {
    const [few, many] = [await registers(16, 'half', 1), await registers(32, 'half', 1)];
    expect(Math.abs(many.registers - few.registers - 32)).toBeLessThanOrEqual(8);
  });

  it('an operand of halves takes one register, of floats two', async () => {
    const [half, float] = [await registers(32, 'half', 32), await registers(32, 'float', 32)];
    expect(Math.abs(float.registers - half.registers - 32)).toBeLessThanOrEqual(8);
  });

  it('counts threadgroup memory, and sees what no register file holds', async () => {
    expect((await registers(16, 'half', 1)).threadgroupBytes).toBe(64 * 8 * 2);
    expect((await registers(160, 'half', 1)).registers).toBe(spilling);
  });
});

/** What training and inference of today's models run: heads of 64 to 128 in float16. */
const promised = variants.filter(
  ({ kernel, dtype, width, family }) =>
    ['forward', 'dq', 'dkv'].includes(kernel) && dtype === 'float16' && width >= 64 && width <= 128 && family === 7,
);

describe.skipIf(missing !== '')(`variants by the proxy and the model, not measured on Apple hardware${missing}`, () => {
  const rows = new Map<string, Row>();
  it('are looked at', async () => {
    expect(promised.length).toBeGreaterThanOrEqual(15);
    const found = await forEach(promised, 2, (variant: Variant) => reportRow(available(), variant));
    for (const row of found) rows.set(row.variant.hostName, row);
  }, 600_000);

  it.each(promised.map(({ hostName }) => hostName))(
    '%s fits the registers and uses 80 %% of the multiply-adds',
    (name) => {
      const row = rows.get(name) as Row;
      expect(row.registers.estimate).toBeLessThanOrEqual(core.registersPerThread);
      expect(row.prediction.utilisation).toBeGreaterThanOrEqual(0.8);
      expect(readEstimates()[name], 'kernels/variants/metal-estimates.json; npm run kernels:report -- --write').toEqual(
        {
          registers: row.registers.estimate,
          threadgroupBytes: row.threadgroupBytes,
        },
      );
      expect(staleProfiles(new Map([[name, row.profile]])), 'kernels/variants/metal-profiles.json').toEqual([]);
    },
  );

  it('a tile that is too large is told', async () => {
    const large: Variant = { ...variantNamed('dkv_f16_128'), rows: 16, block: 32, own: 'registers' };
    expect(fitsRegisters(await reportRow(available(), large))).toBe(false);
  }, 600_000);
});

describe('the estimates of the table', () => {
  it('there is one for every variant, of at most 128 registers and 32 KiB of threadgroup memory', () => {
    const estimates = readEstimates();
    expect(Object.keys(estimates)).toEqual(variants.map(({ hostName }) => hostName));
    for (const [name, { registers, threadgroupBytes }] of Object.entries(estimates)) {
      expect(registers, name).toBeLessThanOrEqual(core.registersPerThread);
      expect(threadgroupBytes, name).toBeLessThanOrEqual(32 * 1024);
    }
  });

  it('there are counts for every variant, and each of them reads or writes', () => {
    for (const { hostName } of variants) {
      const profile = readProfile(hostName);
      expect(profile.deviceBytes, hostName).toBeGreaterThan(0);
      expect(
        Object.values(profile).every((count) => count >= 0),
        hostName,
      ).toBe(true);
    }
  });
});
