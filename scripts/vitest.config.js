import { packageTests } from '@fa-metal/tsconfig/vitest';

export default packageTests({ test: { include: ['test/**/*.test.mjs'], testTimeout: 300_000, hookTimeout: 300_000 } });
