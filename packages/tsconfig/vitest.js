import { defineConfig, mergeConfig } from 'vitest/config';

const conditions = ['fa-metal-source', 'node', 'import', 'module', 'default'];

/**
 * Runs test/**\/*.test.ts against the TypeScript sources of every workspace package; no build is needed.
 * The results also go to test-results/vitest.json, which `npm test` adds up.
 * @param {import('vitest/config').ViteUserConfig} [overrides]
 */
export function packageTests(overrides = {}) {
  const shared = defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ['test/**/*.test.ts'],
      passWithNoTests: true,
      // Native libraries of the hosts are not made for many threads of one process.
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: 60_000,
      reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    },
  });
  return mergeConfig(shared, overrides);
}
