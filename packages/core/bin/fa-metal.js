#!/usr/bin/env node
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli.js', import.meta.url);
if (existsSync(program)) {
  await import(program);
} else {
  console.error('@fa-metal/core is not built in this checkout: run `npm run setup`.');
  process.exitCode = 1;
}
