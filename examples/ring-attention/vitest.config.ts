import { packageTests } from '@fa-metal/tsconfig/vitest';

export default packageTests();
