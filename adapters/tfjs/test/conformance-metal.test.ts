import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { missing, onMetal } from '../../../packages/core/test-support/on-software-device.js';
import { conformanceAdapter } from './support/conformance-adapter.js';
import { places } from './support/hosts.js';

// The composed route is tfjs's own operations.
const adapter = places
  .filter(([route]) => route !== 'composed')
  .map(([route, backend]) => onMetal(conformanceAdapter(route, backend), 'notSupported'));
if (missing) test.skip(`on the software Metal device: ${missing}`);
else suite({ test, subset: 'smoke', results: 'test-results', adapter });
