import { defineConfig } from 'tsup';

/**
 * Builds src/index.ts, and further entries, to ES modules and CommonJS with types for both.
 * @param {import('tsup').Options} [options] added to or replacing the shared settings
 */
export function libraryBuild(options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    target: 'node20',
    platform: 'node',
    // Gives CommonJS output an import.meta.url, and ES module output a __dirname.
    shims: true,
    clean: true,
    sourcemap: true,
    splitting: false,
    // The declaration bundler compiles one program of its own: project references have no meaning to it.
    dts: { compilerOptions: { composite: false, incremental: false, declarationMap: false } },
    ...options,
  });
}
