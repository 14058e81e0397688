import { defineConfig } from 'tsup';

export default defineConfig({ entry: ['cli/main.ts'], format: 'esm', target: 'node20', clean: true, silent: true });
