import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { missing, onMetal } from '../../../packages/core/test-support/on-software-device.js';
import { customOp } from './support/custom-op-adapter.js';
import { provider } from './support/provider-adapter.js';

const adapter = [onMetal(provider, 'skipped'), onMetal(customOp, 'notSupported')];
if (missing) test.skip(`on the software Metal device: ${missing}`);
else suite({ test, subset: 'smoke', results: 'test-results', adapter });
