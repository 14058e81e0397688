import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { supportedGradients, supportedOptions } from '../src/generated/options.js';
import * as core from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** Cells of the table between two marks, without its headings. */
function tableOf(mark: string): string[][] {
  const [, table = ''] = readme.match(new RegExp(`<!-- ${mark} -->\\n([\\s\\S]*?)<!-- end -->`)) ?? [];
  const [, , ...rows] = table.trimEnd().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it('lists every error code with its meaning', () => {
  const rows = Object.entries(core.errorMeanings).map(([code, meaning]) => [`\`${code}\``, meaning]);
  expect(tableOf('error codes')).toEqual(rows);
});

it('lists every option with what the cpu backend does with it', () => {
  const gradients: Record<string, { cpu: boolean } | undefined> = supportedGradients;
  const rows = Object.entries(supportedOptions).map(([name, { cpu }]) => {
    const directions: readonly string[] = cpu;
    const supported = ['forward', 'backward'].map((direction) => (directions.includes(direction) ? 'yes' : '-'));
    const gradient = gradients[name] && (gradients[name].cpu ? 'yes' : 'refused');
    return [`\`${name}\``, ...supported, gradient ?? ''];
  });
  expect(tableOf('supported options')).toEqual(rows);
});

it('names functions that exist', () => {
  const named = [...readme.matchAll(/^\| `(?:(device)\.)?(\w+)/gm)].filter(
    ([, , name]) => !/^[A-Z_]+$/.test(name as string),
  );
  const device = core.openDeviceSync({ backend: 'cpu' });
  const options = Object.keys(supportedOptions);
  for (const [, onDevice, name] of named) {
    if (options.includes(name as string)) continue;
    expect(onDevice ? device : core, `${onDevice ?? 'core'}.${name}`).toHaveProperty(name as string);
  }
  expect(named.length).toBeGreaterThan(10);
});

it('has an example that runs', async () => {
  const [, example = ''] = readme.match(/```js\n([\s\S]*?)```/) ?? [];
  const printed: unknown[][] = [];
  const body = example.replace(/^import .*\n/, '').replace('console.log', 'print');
  const run = Object.getPrototypeOf(async () => {}).constructor('openDevice', 'print', body);
  await run(core.openDevice, (...values: unknown[]) => printed.push(values));
  expect(printed).toEqual([['cpu', [1, 8, 256, 64], [1, 8, 256, 64], [1, 2, 256, 64], [1, 2, 256, 64]]]);
});
