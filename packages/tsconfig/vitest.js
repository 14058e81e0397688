import { defineConfig, mergeConfig } from 'vitest/config';

const conditions = ['fa-metal-source', 'node', 'import', 'module', 'default'];

/**
 * Runs test/**\/*.test.ts against the TypeScript sources of every workspace package; no build is needed.
 * The results also go to test-results/vitest.json, which `npm test` adds up; to vitest.<run>.json where a package's tests run
 * a second time in another way and TEST_RUN names it.
 * @param {import('vitest/config').ViteUserConfig} [overrides]
 */
export function packageTests(overrides = {}) {
  const run = process.env.TEST_RUN ? `.${process.env.TEST_RUN}` : '';
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
      reporters: ['default', ['json', { outputFile: `test-results/vitest${run}.json` }]],
    },
  });
  return mergeConfig(shared, overrides);
}
