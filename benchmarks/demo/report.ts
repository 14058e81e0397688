import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Table from 'cli-table3';
import { escape as escapeHtml } from 'html-escaper';
import { drawSvg } from '../report/draw.js';
import { agreement, cpuAgainstMetal, stockAgainstFused, tailMean } from './compare.js';
import type { RunResult } from './messages.js';
import type { DemoOptions } from './options.js';
import { lossPlot, memoryPlot, timePlot } from './plots.js';
import { median, titles } from './run-variant.js';

/** The figures of every run, for the terminal. */
export function figures(results: readonly RunResult[]): string {
  const table = new Table({
    head: ['run', 'first loss', 'last loss', 'ms/step', 'total s', 'peak MB'],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) table.push([titles[result.variant], ...figuresOf(result)]);
  return table.toString();
}

/** A sentence for each pair of runs that should agree; empty when there is none. */
export function verdict(results: readonly RunResult[]): string {
  return [stockVerdict(results), backendVerdict(results)].filter(Boolean).join(' ');
}

function backendVerdict(results: readonly RunResult[]): string {
  const difference = cpuAgainstMetal(results);
  if (!difference) return '';
  const agrees = difference.early < agreement.backends;
  return (
    `The cpu backend's loss and that of the Metal backend on the software device differ by at most ` +
    `${difference.early.toExponential(1)} (relative): ${agrees ? 'they agree' : 'THEY DO NOT AGREE'}.`
  );
}

function stockVerdict(results: readonly RunResult[]): string {
  const difference = stockAgainstFused(results);
  if (!difference) return '';
  const agrees = difference.early < agreement.early && difference.end < agreement.end;
  return (
    `Stock and fused loss differ by at most ${difference.early.toExponential(1)} (relative) over the first ${difference.steps} steps ` +
    `and by ${(100 * difference.end).toFixed(2)} % at the end: ${agrees ? 'they agree' : 'THEY DO NOT AGREE'}.`
  );
}

/** Losses of all runs side by side, about `rows` of them. */
export function curves(results: readonly RunResult[], rows = 12): string {
  const steps = results[0]?.losses.length ?? 0;
  const table = new Table({
    head: ['step', ...results.map((result) => titles[result.variant])],
    style: { head: [], border: [], compact: true },
  });
  const stride = Math.max(1, Math.ceil(steps / rows));
  for (let step = 0; step < steps; step += stride) {
    table.push([step, ...results.map((result) => result.losses[step]?.toFixed(4) ?? '')]);
  }
  return table.toString();
}

/** Writes the page with plots, figures and samples; returns its absolute path. */
export async function writePage(results: readonly RunResult[], options: DemoOptions): Promise<string> {
  const plots = await Promise.all([lossPlot(results), timePlot(results), memoryPlot(results)].map(drawSvg));
  const rows = results.map(
    (result) =>
      `<tr><td>${escapeHtml(titles[result.variant])}</td>${figuresOf(result)
        .map((text) => `<td>${text}</td>`)
        .join('')}</tr>`,
  );
  const samples = results.map(
    (result) => `<h3>${escapeHtml(titles[result.variant])}</h3><pre>${escapeHtml(result.sample)}</pre>`,
  );
  const notes = results.flatMap((result) =>
    result.notes.map((note) => `<li>${escapeHtml(`${titles[result.variant]}: ${note}`)}</li>`),
  );
  const { layers, heads, width, context, batch, steps } = options;
  const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>fa-metal demo</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}
td,th{padding:.3rem .8rem;border-bottom:1px solid #ddd;text-align:right}td:first-child,th:first-child{text-align:left}
pre{white-space:pre-wrap;background:#f6f6f6;padding:.8rem}</style>
<h1>A small GPT, trained with stock and with fused attention</h1>
<p>${layers} layers, ${heads} heads of ${width / heads}, context ${context}, batch ${batch}, ${steps} steps,
${results[0]?.parameters.toLocaleString('en') ?? 0} parameters, characters of Moby-Dick; same seed in every run. ${escapeHtml(results[0]?.host ?? '')}.</p>
<p><strong>${escapeHtml(verdict(results))}</strong></p>${plots[0]}
<table><tr><th>run</th><th>first loss</th><th>last loss</th><th>ms/step</th><th>total s</th><th>peak MB</th></tr>${rows.join('')}</table>
${plots[1]}${plots[2]}<ul>${notes.join('')}</ul><h2>What they write</h2>${samples.join('')}</html>
`;
  const file = path.resolve(options.output);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, page);
  return file;
}

function figuresOf(result: RunResult): string[] {
  const seconds = result.stepMilliseconds.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000;
  return [
    result.losses[0]?.toFixed(3) ?? '',
    tailMean(result.losses).toFixed(3),
    median(result.stepMilliseconds).toFixed(0),
    seconds.toFixed(1),
    (result.peakBytes / 1e6).toFixed(0),
  ];
}
