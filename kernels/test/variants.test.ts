import { describe, expect, test } from 'vitest';
import { metalVariants } from '../variants/metal-variants.mjs';

const tile = { rows: 8, block: 16, simdgroups: 4, own: 'registers' };

function expand(kernels: object, entry: object) {
  return metalVariants({ kernels, widths: [{ width: 64, valueWidth: 64, ...entry }] });
}

describe('the table of Metal variants', () => {
  test('a new width is one entry', () => {
    const rows = expand({ shortDq: { tile } }, { width: 48, valueWidth: 40 });
    expect(rows.map(({ hostName }) => hostName)).toEqual([
      'short_dq_f16_48x40',
      'short_dq_bf16_48x40',
      'short_dq_f32_48x40',
    ]);
    expect(rows[2]).toMatchObject({ ...tile, kernel: 'shortDq', family: 7, dtype: 'float32', threads: 128, pass: 3 });
    expect(rows[2]?.instantiation).toBe(
      'template [[host_name("short_dq_f32_48x40")]] [[kernel]] decltype(fa::short_dq<float, 48, 40, fa::Tile<8, 16, 4, 0, 3>>) ' +
        'fa::short_dq<float, 48, 40, fa::Tile<8, 16, 4, 0, 3>>;',
    );
  });

  test("a width's tile overrides the kernel's for its kind of element, field by field", () => {
    const rows = expand({ dq: { tile } }, { single: { dq: { rows: 16 } } });
    expect(rows.map(({ rows, block }) => [rows, block])).toEqual([
      [8, 16],
      [8, 16],
      [16, 16],
    ]);
  });

  test('two passes are two variants', () => {
    const rows = expand({ dkv: { tile } }, { single: { dkv: { passes: 2 } } });
    expect(rows.filter(({ dtype }) => dtype === 'float32').map(({ hostName, pass }) => [hostName, pass])).toEqual([
      ['dkv_f32_64_pass1', 1],
      ['dkv_f32_64_pass2', 2],
    ]);
  });

  test('a family has variants of its own, beside those of all', () => {
    const rows = expand({ dq: { tile } }, { half: { dq: { block: 32 } }, apple9: { half: { dq: { own: 'device' } } } });
    expect(rows.filter(({ dtype }) => dtype === 'float16')).toMatchObject([
      { hostName: 'dq_f16_64', family: 7, block: 32, own: 'registers' },
      { hostName: 'dq_f16_64_apple9', family: 9, block: 32, own: 'device' },
    ]);
    expect(rows.filter(({ dtype }) => dtype === 'float32')).toHaveLength(1);
  });

  test('a list of tiles is merged tile by tile', () => {
    const rows = expand(
      { decode: { tile: [tile, { ...tile, rows: 32 }] } },
      { single: { decode: [{ block: 8 }, {}] } },
    );
    expect(rows.filter(({ dtype }) => dtype === 'float32')).toMatchObject([
      { hostName: 'decode_f32_64', rows: 8, block: 8 },
      { hostName: 'decode_f32_64_rows32', rows: 32, block: 16 },
    ]);
  });

  test('a place for own rows that does not exist is an error', () => {
    expect(() => expand({ dq: { tile: { ...tile, own: 'cache' } } }, {})).toThrow("dq at width 64: own is 'cache'");
  });

  test('a width may have some of the kernels', () => {
    expect(expand({ dq: { tile }, dkv: { tile } }, { kernels: ['dkv'] })).toHaveLength(3);
  });
});
