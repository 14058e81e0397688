import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { callTool } from './tool.js';

export interface TranslateOptions {
  function: string;
  constant: { index: number; literal: string }[];
  include: string[];
  define: { name: string; value: string }[];
}

/** The C++ that one kernel becomes, for the headers in stdlib/run. */
export function translate(source: string, options: TranslateOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'softmetal-'));
  try {
    const lines = [
      ['source', resolve(source)],
      ['name', source],
      ['function', options.function],
      ...options.constant.map(({ index, literal }) => ['constant', index, literal]),
      ...options.include.map((path) => ['include', resolve(path)]),
      ...options.define.map(({ name, value }) => ['define', name, value]),
    ];
    const file = join(folder, 'request');
    writeFileSync(file, lines.map((words) => `${words.join('\t')}\n`).join(''));
    return callTool('translate', [file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
