import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { customOp, provider } from './conformance-adapters.js';

suite({ test, adapter: [provider, customOp], results: 'test-results' });
