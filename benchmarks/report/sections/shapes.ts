import { type Bar, bars } from '../plots/bars.js';
import { dots } from '../plots/dots.js';
import type { Run, SuiteName } from '../schema.js';
import { directionNames, type Row, rowsOf } from '../series.js';
import type { Section } from './section.js';

/** Sections beside the plots over length: shapes, types, decoding, options. */
export function shapeSections(run: Run, threads: number): Section[] {
  const rows = (suite: SuiteName) => rowsOf(run, threads, suite);
  return [
    decodeSection(rows('decode')),
    shareSection(
      'Other shapes',
      'Heads of 128, grouped heads, one head alone, widths beside the multiples of 16.',
      rows('shapes'),
    ),
    shareSection('16-bit types', 'Shares of the same float32 product; sums are float32.', rows('types')),
    shareSection(
      'Held to AVX2',
      'The same kernels without AVX-512, as shares of a product that is held to AVX2 too.',
      rows('avx2'),
    ),
    optionSection(rows('options')),
    speedSection('Windows', 'How many times as fast as the dense causal call of the same length.', rows('window')),
    timeSection('Packed sequences', 'Packing should cost nothing.', rows('varlen')),
    timeSection(
      'Peaked logits',
      'With queries twenty times as large most probabilities are too small for a normal float32.',
      rows('peaked'),
    ),
    timeSection('Through the hosts', 'The same call by core, TensorFlow.js and ONNX Runtime.', rows('overhead')),
  ].filter((section) => section !== undefined);
}

function decodeSection(rows: readonly Row[]): Section | undefined {
  if (rows.length === 0) return undefined;
  const kinds = rows.filter(({ trial }) => trial.endsWith('kinds of caches'));
  const peers = rows.filter((row) => !kinds.includes(row));
  const share = (row: Row): Bar => ({
    label: row.contestant,
    value: row.readShare ?? 0,
    text: `${(row.readShare ?? 0).toFixed(0)} %`,
    panel: row.trial,
  });
  const plots = inPanels(peers.map(share)).map((panel) =>
    bars(panel, { title: '% of the measured read bandwidth', line: 100 }),
  );
  const caches = inPanels(
    kinds.map((row) => ({ ...timeBar(row), panel: row.trial.replace(/,.*/, ''), colour: 'fa-metal' })),
  );
  return {
    title: 'Decoding',
    text: 'One new token, 32 query heads on 8 heads of keys and values of 128: the cache is read once, as fast as memory gives it. Below, time by the type of the cache.',
    plots: [...plots, ...caches.map((panel) => bars(panel, { title: 'milliseconds' }))],
  };
}

function optionSection(rows: readonly Row[]): Section | undefined {
  if (rows.length === 0) return undefined;
  const costs = rows
    .filter(({ contestant }) => contestant !== 'plain')
    .map((row) => ({
      label: row.contestant,
      value: 100 * (row.ratio - 1),
      text: `${row.ratio < 1 ? '−' : '+'}${Math.abs(100 * (row.ratio - 1)).toFixed(0)} %`,
      panel: `${directionNames[row.direction]}, ${row.mask}`,
      colour: 'fa-metal',
    }));
  return {
    title: 'What an option costs',
    text: 'Each option alone, against the plain call in the same round.',
    plots: inPanels(costs).map((panel) => bars(panel, { title: 'more time than the plain call, in %' })),
  };
}

function shareSection(title: string, text: string, rows: readonly Row[]): Section | undefined {
  if (rows.length === 0) return undefined;
  const values = rows.flatMap(({ trial, contestant, share, direction }) =>
    share === undefined ? [] : [{ label: trial, contestant, value: share, panel: directionNames[direction] }],
  );
  return { title, text, plots: [dots(values, { title: '% of the matrix product', line: 100 })] };
}

function speedSection(title: string, text: string, rows: readonly Row[]): Section | undefined {
  if (rows.length === 0) return undefined;
  const values = rows.map((row) => ({
    ...timeBar(row),
    value: 1 / row.ratio,
    text: `${(1 / row.ratio).toFixed(1)} x`,
    colour: 'fa-metal',
  }));
  return { title, text, plots: inPanels(values).map((panel) => bars(panel, { title: 'times as fast' })) };
}

function timeSection(title: string, text: string, rows: readonly Row[]): Section | undefined {
  if (rows.length === 0) return undefined;
  const values = rows.map((row) => ({ ...timeBar(row), ...(row.entry.who === 'fa-metal' && { colour: 'fa-metal' }) }));
  return { title, text, plots: inPanels(values).map((panel) => bars(panel, { title: 'milliseconds' })) };
}

function timeBar(row: Row): Bar {
  const { milliseconds } = row;
  return {
    label: row.contestant,
    value: milliseconds,
    text: `${milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(0)} ms`,
    panel: `${row.trial}, ${directionNames[row.direction]}`,
  };
}

/** Two panels a plot, so that each stays wide enough to be read. */
function inPanels(values: readonly Bar[]): Bar[][] {
  const panels = [...new Set(values.map(({ panel }) => panel))];
  const pairs = panels.flatMap((_, index) => (index % 2 === 0 ? [panels.slice(index, index + 2)] : []));
  return pairs.map((pair) => values.filter(({ panel }) => pair.includes(panel)));
}
