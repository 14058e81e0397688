import type { Manifest } from '@fa-metal/conformance';
import { supportedGradients, supportedOptions } from '../src/generated/options.js';

/** Features of the conformance suite that stand and fall with an option of the op. */
const featureOf: Partial<Record<keyof typeof supportedOptions, string>> = {
  softcap: 'softcap',
  alibiSlopes: 'alibi',
  sinks: 'sinks',
  dropout: 'dropout',
  kvLengths: 'kvLengths',
  cuSeqlensQ: 'varlen',
  blockTable: 'paged',
  kScale: 'int8',
  rope: 'rope',
};
const gradientFeatureOf = { bias: 'gradients:bias', alibiSlopes: 'gradients:alibi', sinks: 'gradients:sinks' } as const;

/**
 * What a backend lacks, as kernels/variants/options.json has it.
 *
 * @param skipped what the host cannot even say
 */
export function notSupported(
  backend: 'cpu' | 'metal',
  skipped: NonNullable<Manifest['skipped']> = {},
): Manifest['notSupported'] {
  const lacks = (options: Readonly<Record<string, Record<typeof backend, readonly string[]>>>, name: string): boolean =>
    options[name]?.[backend].length === 0;
  const options = Object.entries(featureOf)
    .filter(([name]) => lacks(supportedOptions, name))
    .map(([, feature]) => feature);
  const gradients = Object.entries(gradientFeatureOf)
    .filter(([name]) => !supportedGradients[name as keyof typeof supportedGradients][backend])
    .map(([, feature]) => feature);
  const lacking = [...options, ...gradients].filter((feature) => !Object.hasOwn(skipped, feature));
  return Object.fromEntries(lacking.map((feature) => [feature, `not in the ${backend} backend`]));
}
