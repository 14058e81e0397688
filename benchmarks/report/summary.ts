import Table from 'cli-table3';
import { mainShare, time } from './format.js';
import { inOrder } from './plots/peers.js';
import type { Entry, Measurement, Run, SuiteName } from './schema.js';

/**
 * The figures of a run for a terminal, a table for each suite. A figure whose rounds agree is bold; one whose rounds do
 * not is led by `~`.
 *
 * @param colours whether the terminal shows bold print
 */
export function summarize(run: Run, colours = process.stdout.hasColors?.() ?? false): string {
  const suites = [...new Set(run.measurements.map(({ suite }) => suite))];
  const tables = suites.map((suite) => {
    const measurements = run.measurements.filter((measurement) => measurement.suite === suite);
    const raced = measurements.some(({ entries }) => entries.some(({ who }) => who !== entries[0]?.who));
    return `${titles[suite]}\n${(raced ? peerTable : optionTable)(measurements, colours)}`;
  });
  const limits = run.limits.map(
    ({ threads, product, productRate, readRate }) =>
      `${threads}T: ${product} ${(productRate.median / 1e9).toFixed(0)} GFLOP/s, reading ${(readRate.median / 1e9).toFixed(1)} GB/s`,
  );
  return [`Limits: ${limits.join('; ')}`, ...tables].join('\n\n');
}

const ratios = 'ours, its share of the limit, and how many times as fast it is as';

const titles: Readonly<Record<SuiteName, string>> = {
  lengths: `Over the length: ${ratios}`,
  growth: 'Growth with the length, ours alone',
  shapes: `Other shapes: ${ratios}`,
  types: `16-bit types: ${ratios}`,
  options: 'What an option costs',
  window: 'Windows',
  varlen: 'Packed sequences',
  peaked: 'Peaked logits',
  decode: `Decoding, shares of the read bandwidth: ${ratios}`,
  avx2: 'Held to AVX2, shares of a product that is held to it',
  overhead: 'Through the hosts: time over the first',
};

/** A line for each trial, a column for each contestant beside the first. */
function peerTable(measurements: readonly Measurement[], colours: boolean): string {
  const others = inOrder(measurements.flatMap(({ entries }) => entries.slice(1).map(({ name }) => name)));
  const table = newTable(['', 'direction', 'T', 'time', 'share', ...others]);
  for (const { name, direction, threads, entries } of measurements) {
    const first = entries[0];
    if (!first) continue;
    const cells = others.map((other) => {
      const entry = entries.find((each, index) => index > 0 && each.name === other);
      return entry ? ratioOf(entry, colours) : '';
    });
    table.push([name, direction, threads, time(first.seconds.median), shareOf(first, colours), ...cells]);
  }
  return table.toString();
}

/** A line for each entry: what it takes beside the first of its trial. */
function optionTable(measurements: readonly Measurement[], colours: boolean): string {
  const table = newTable(['', 'direction', 'T', '', 'time', 'share', 'time over the first']);
  for (const { name, direction, threads, entries } of measurements) {
    for (const [index, entry] of entries.entries()) {
      const ratio = index === 0 ? '' : ratioOf(entry, colours);
      table.push([name, direction, threads, entry.name, time(entry.seconds.median), shareOf(entry, colours), ratio]);
    }
  }
  return table.toString();
}

function ratioOf({ ratio, steady }: Entry, colours: boolean): string {
  return emphasis(ratio.median.toFixed(2), steady.ratio, colours);
}

function shareOf(entry: Entry, colours: boolean): string {
  const share = mainShare(entry);
  return share ? emphasis(share.value.median.toFixed(2), share.steady, colours) : '';
}

function emphasis(text: string, steady: boolean, colours: boolean): string {
  if (!steady) return `~${text}`;
  return colours ? `\u001b[1m${text}\u001b[22m` : text;
}

function newTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}
