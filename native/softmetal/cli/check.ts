import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { callTool } from './tool.js';

export interface CheckOptions {
  include: string[];
  define: { name: string; value: string }[];
  json?: boolean;
}

/** The strict check of files: what Apple's compiler would refuse and what could not be checked, one complaint a line. */
export function check(sources: readonly string[], options: CheckOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'softmetal-'));
  try {
    return sources.map((source) => callTool('check', [requestFile(source, options, folder)])).join('');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Warnings, such as what could not be checked, are no refusal. */
export const refuses = (complaints: string): boolean => /(^|: )error: /m.test(complaints);

function requestFile(source: string, options: CheckOptions, folder: string): string {
  const lines = [
    ['source', resolve(source)],
    ['name', source],
    ...options.include.map((path) => ['include', resolve(path)]),
    ...options.define.map(({ name, value }) => ['define', name, value]),
  ];
  const file = join(folder, 'request');
  writeFileSync(file, lines.map((words) => `${words.join('\t')}\n`).join(''));
  return file;
}
