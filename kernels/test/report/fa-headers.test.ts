// The structs as this tool writes them are those that C++ sees.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { binding, constantId, structBytes, unbounded } from '../../report/fa-headers.js';

const folder = mkdtempSync(join(tmpdir(), 'fa-metal-layout-'));
afterAll(() => rmSync(folder, { recursive: true }));

const strides = (start: number) => ({ batch: start, head: start + 1, row: start + 2 });

it('structs, bindings and constants agree with the C++ compiler', () => {
  const source = `#include <cstdio>
#include "fa/bindings.h"
#include "fa/params.h"
using namespace fa;
int main() {
  AttentionParams p{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}, {13, 14, 15}, {16, 17, 18}, 30, 31, 32,
                    {-19, 20, 21}, 22, 23, 24, 25, 26, 27, 28, 0.5f, 0.25f, 2.0f, 4.0f, 33,
                    {4000000000u, 34, 35, 8.0f}, 29};
  GradientParams g{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}, 13, 14};
  SplitParams s{3, 64};
  auto print = [](const void* bytes, size_t size) {
    for (size_t i = 0; i < size; i++) std::printf("%02x", static_cast<const unsigned char*>(bytes)[i]);
    std::printf("\\n");
  };
  print(&p, sizeof p), print(&g, sizeof g), print(&s, sizeof s);
  std::printf("%d %d %d\\n", binding::kSplitParams, constant_id::kStoresDScores, kUnbounded);
}
`;
  writeFileSync(join(folder, 'layout.cc'), source);
  const include = fileURLToPath(new URL('../../include', import.meta.url));
  const program = join(folder, 'layout');
  execFileSync(process.env.CXX ?? 'c++', ['-std=c++20', '-I', include, join(folder, 'layout.cc'), '-o', program]);
  const printed = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const attention = structBytes('AttentionParams', {
    ...{ q: strides(1), k: strides(4), v: strides(7), out: strides(10), mask: strides(13), bias: strides(16) },
    band: { lo: -19, hi: 20, keys: 21 },
    ...{ batch: 22, query_heads: 23, kv_heads: 24, query_length: 25, key_length: 26, head_dim: 27, value_dim: 28 },
    ...{ row_batch: 30, row_head: 31, alibi_batch: 32, offset: 33, first_task: 29 },
    ...{ scale: 0.5, scale_log2: 0.25, cap_scale: 2, cap_log2: 4 },
    dropout: { seed_low: 4000000000, seed_high: 34, threshold: 35, keep_factor: 8 },
  });
  const gradient = structBytes('GradientParams', {
    ...{ d_out: strides(1), dq: strides(4), dk: strides(7), dv: strides(10), first_head: 13, heads: 14 },
  });
  expect(printed).toEqual([
    hex(attention),
    hex(gradient),
    hex(structBytes('SplitParams', { splits: 3, keys_per_split: 64 })),
    `${binding('kSplitParams')} ${constantId('kStoresDScores')} ${unbounded}`,
  ]);
});

it('a member too many or too few is told', () => {
  expect(() => structBytes('SplitParams', { splits: 3 })).toThrow('no value for member keys_per_split');
  expect(() => structBytes('SplitParams', { splits: 3, keys_per_split: 1, other: 1 })).toThrow('no member other');
});
