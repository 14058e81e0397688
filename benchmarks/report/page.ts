import { escape as escapeHtml } from 'html-escaper';
import { drawSvg } from './draw.js';
import { headlines } from './headlines.js';
import type { Comparison } from './history.js';
import { figureTable, goalTable, machineList, omittedTable } from './page-tables.js';
import { changePlot } from './plots/changes.js';
import type { Run } from './schema.js';
import { memorySection } from './sections/memory.js';
import { lengthSections } from './sections/over-length.js';
import type { Section } from './sections/section.js';
import { shapeSections } from './sections/shapes.js';
import { threadsOf } from './series.js';
import { styleSheet } from './style.js';

/** The page of a run: one file that needs neither scripts nor a network. */
export async function pageOf(run: Run, comparison: Comparison | undefined): Promise<string> {
  const threads = threadsOf(run);
  const panels = await Promise.all(threads.map((count) => panelOf(run, count)));
  const memory = memorySection(run);
  const tabs = threads.map(
    (count, tab) => `<label for="tab${tab}">${count} ${count === 1 ? 'thread' : 'threads'}</label>`,
  );
  const inputs = threads.map(
    (_, tab) => `<input class="tab" type="radio" name="tab" id="tab${tab}"${tab === 0 ? ' checked' : ''}>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>fa-metal: benchmark</title>
<style>${styleSheet(threads.length)}</style></head><body>
<h1>Attention, beside its peers</h1>
<p>${escapeHtml(introduction(run))}</p>
${tilesOf(run)}
<div class="card">${machineList(run)}</div>
<p class="note">${escapeHtml(scope(run))}</p>
${inputs.join('')}<div class="tabs">${tabs.join('')}</div>
<div class="panels">${panels.map((panel, tab) => `<div class="panel${tab}">${panel}</div>`).join('')}</div>
<div class="below">${memory ? await cardOf(memory) : ''}${await changesOf(comparison)}
${goalsOf(run)}<div class="card"><details><summary>All figures</summary>${figureTable(run)}</details></div>
<div class="card"><details><summary>What was not timed, and why</summary>${omittedTable(run)}</details></div></div>
</body></html>
`;
}

function goalsOf(run: Run): string {
  const goals = goalTable(run);
  if (!goals) return '';
  return `<div class="card"><details><summary>${goals.summary}</summary>${goals.table}</details></div>`;
}

async function panelOf(run: Run, threads: number): Promise<string> {
  const sections = [...lengthSections(run, threads), ...shapeSections(run, threads)];
  return (await Promise.all(sections.map(cardOf))).join('\n');
}

async function cardOf({ title, text, plots }: Section): Promise<string> {
  const drawn = await Promise.all(plots.map(drawSvg));
  return `<section class="card"><h2>${escapeHtml(title)}</h2><p>${escapeHtml(text)}</p><div class="plots">${drawn.join('')}</div></section>`;
}

function tilesOf(run: Run): string {
  const tiles = headlines(run).map(
    ({ value, label }) => `<div class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`,
  );
  return `<div class="tiles">${tiles.join('')}</div>`;
}

function introduction({ date, quick, wallSeconds }: Run): string {
  const kind = quick ? 'A quick run' : 'A full run';
  return `${kind} of ${date.slice(0, 10)}, ${Math.round(wallSeconds)} s. All contestants take turns in the same rounds, after their results were compared; figures are medians over the rounds.`;
}

/** What these figures are of, and what they are not of. */
function scope({ machine }: Run): string {
  if (machine.software) return 'The device is one in software: its times say nothing about a real GPU.';
  if (machine.backend === 'metal') return 'Measured on the GPU of this machine by the Metal backend.';
  return "Measured on this machine's CPU by the cpu backend. The Metal backend was not measured on Apple hardware.";
}

async function changesOf(comparison: Comparison | undefined): Promise<string> {
  if (!comparison) return cardOf({ title: 'Change', text: 'There is no earlier run to compare with.', plots: [] });
  const { before, changes } = comparison;
  const clear = changes.filter(({ clear: isClear }) => isClear).length;
  const text = `Against the run of ${before.date.slice(0, 10)} (${before.commit.slice(0, 7)}${before.changed ? ', with changes' : ''}): ${clear} of ${changes.length} figures moved by a tenth or more with quartiles apart. The largest changes:`;
  return cardOf({ title: 'Change', text, plots: changes.length > 0 ? [changePlot(comparison)] : [] });
}
