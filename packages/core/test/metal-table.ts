import { type CaseParameters, caseOf, formatId, runCase } from '@fa-metal/conformance';
import { describe, expect, test } from 'vitest';
import type { Device } from '../src/index.js';
import { metalVariants } from './generated/metal-variants.js';
import { metalAdapter, type Preferences } from './metal-adapters.js';

interface Forcing {
  parameters: CaseParameters;
  kernels: Preferences;
}

/** Rows enough for several simdgroups; a tile of keys that is full and one that is cut. */
const manyRows = { Hq: 2, Hkv: 1, Lq: 37, Lk: 45, causal: 'bottomRight' } as const;
/** Of one kv head: as many as the smallest tile holds, and more. */
const fewRows = { Hq: 2, Hkv: 1, Lq: 3, Lk: 70, causal: 'bottomRight' } as const;
const moreRows = { ...fewRows, Hq: 3, Lq: 8 } as const;

const training: readonly Forcing[] = [
  { parameters: manyRows, kernels: { forward: ['metal-forward'], backward: ['metal-backward'] } },
  { parameters: manyRows, kernels: { forward: ['metal-forward'], backward: ['metal-backward-stored'] } },
  { parameters: fewRows, kernels: { forward: ['metal-decode@2'], backward: ['metal-backward-short'] } },
  { parameters: moreRows, kernels: { forward: ['metal-decode@2'], backward: ['metal-backward-short'] } },
];
/** The kernels of options: dBias of a bias for all rows has few tiles and many steps, so that its sums come in parts. */
const options: readonly Forcing[] = [
  {
    parameters: { ...manyRows, Hq: 4, bias: '111', alibi: 'H', sinks: true },
    kernels: { forward: ['metal-forward'], backward: ['metal-backward'] },
  },
];
const rotated: readonly Forcing[] = [
  { parameters: { ...manyRows, rope: 'half' }, kernels: { forward: ['metal-forward'], backward: ['metal-backward'] } },
];
/** At this width alone, kernels that have no width of their own are reached, too. */
const usualWidth = 64;
/** Widths that have kernels for few query rows only. */
const wide = training.filter(({ kernels }) => kernels.backward.includes('metal-backward-short'));

/** Declares tests that force every row of the table of Metal kernels (kernels/variants/metal.json) that the device can have. */
export function testWholeTable(device: Device): void {
  const family = Number(device.info.family?.replace('apple', ''));
  const rows = metalVariants.filter((variant) => variant.family <= family);
  const reached = new Set<string>();
  const attends = rows.filter(({ kernel }) => kernel === 'decode');
  const widths = new Map(
    attends.map(({ width: D, valueWidth: Dv, dtype }) => [`${D}/${Dv} ${dtype}`, { D, Dv, dtype }]),
  );

  describe.each([...widths])('%s', (_, width) => {
    const trains = rows.some(
      ({ kernel, ...row }) => kernel === 'dkv' && row.width === width.D && row.valueWidth === width.Dv,
    );
    const trained = [...training, ...options, ...(width.D === usualWidth ? rotated : [])];
    test.each(trains ? trained : wide)('$kernels.forward $kernels.backward, Lq $parameters.Lq', async (forcing) => {
      const { parameters, kernels } = forcing;
      const adapter = metalAdapter({ name: 'table', device, preferred: kernels, reached });
      const one = caseOf(formatId('table', { ...parameters, ...width }));
      const { status, message } = await runCase(adapter, one);
      expect(message ?? status).toBe('pass');
    });
  });

  const newest = (row: (typeof rows)[number]) => !rows.some((other) => replaces(other, row));
  test('every row was reached', () => {
    const missing = rows.filter((row) => newest(row) && !reached.has(row.hostName)).map(({ hostName }) => hostName);
    expect(missing).toEqual([]);
  });
}

type Row = (typeof metalVariants)[number];
const replaces = (a: Row, b: Row) =>
  a.family > b.family &&
  a.kernel === b.kernel &&
  a.dtype === b.dtype &&
  a.width === b.width &&
  a.valueWidth === b.valueWidth;
