import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { customOp } from './support/custom-op-adapter.js';
import { provider } from './support/provider-adapter.js';

suite({ test, adapter: [provider, customOp], results: 'test-results' });
