import { packageTests } from '@fa-metal/tsconfig/vitest';

/** What needs an emulated processor: test/neon/main.mjs. */
export default packageTests({ test: { include: ['test/neon/*.neon.ts'], exclude: ['test/*.test.ts'] } });
