// Imported before anything else by a test file: all that it opens is then the Metal backend on the software device, with every access checked.
import type { Adapter } from '@fa-metal/conformance';
import { lacksWideHeads, notSupported } from './not-supported.js';
import { chooseSoftwareDevice, whyNoSoftwareDevice } from './software-device.js';

/** Why the tests have to be skipped; empty when they can run. */
export const missing = await whyNoSoftwareDevice();

chooseSoftwareDevice();
process.env['FA_METAL_BACKEND'] = 'metal';
process.env['FA_METAL_DEVICE'] = 'software';

/** An adapter of a host, as it has to be on the Metal backend. */
export function onMetal({ name, manifest, ...adapter }: Adapter, wideHeads: 'notSupported' | 'skipped'): Adapter {
  const { skipped } = manifest;
  const ofCpu = notSupported('cpu');
  const ofHost = Object.entries(manifest.notSupported).filter(([feature]) => !Object.hasOwn(ofCpu, feature));
  return {
    ...adapter,
    name: `${name}-metal`,
    manifest: {
      ...manifest,
      notSupported: {
        ...notSupported('metal', skipped),
        ...Object.fromEntries(ofHost),
        ...(wideHeads === 'notSupported' && lacksWideHeads),
      },
      skipped: { ...skipped, ...(wideHeads === 'skipped' && lacksWideHeads) },
    },
  };
}
