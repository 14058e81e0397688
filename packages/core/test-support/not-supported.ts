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
/** Likewise, for the gradients of q, k and v beside these options. */
const backwardFeatureOf = {
  softcap: 'gradients:softcap',
  dropout: 'gradients:dropout',
  kvLengths: 'gradients:kvLengths',
  cuSeqlensQ: 'gradients:varlen',
  rope: 'gradients:rope',
} as const;
const gradientFeatureOf = { bias: 'gradients:bias', alibiSlopes: 'gradients:alibi', sinks: 'gradients:sinks' } as const;

/** What the metal backend refuses of heads above 256, where each pass keeps sums of that width. */
export const lacksWideHeads = {
  'gradients:wideHeads:manyRows': 'D and Dv of at most 256 backward, but for few query rows',
  'gradients:wideHeads:scores': 'D and Dv of at most 256 for the gradients of bias and ALiBi',
  'varlen:wideHeads': 'D and Dv of at most 256 where sequences are packed',
} as const;

const directionsOf = (name: keyof typeof supportedOptions, backend: 'cpu' | 'metal'): readonly string[] =>
  supportedOptions[name][backend];

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
  const backward = Object.entries(backwardFeatureOf)
    .filter(([name]) => !directionsOf(name as keyof typeof backwardFeatureOf, backend).includes('backward'))
    .map(([, feature]) => feature);
  const gradients = Object.entries(gradientFeatureOf)
    .filter(([name]) => !supportedGradients[name as keyof typeof supportedGradients][backend])
    .map(([, feature]) => feature);
  const lacking = [...options, ...backward, ...gradients].filter((feature) => !Object.hasOwn(skipped, feature));
  return Object.fromEntries(lacking.map((feature) => [feature, `not in the ${backend} backend`]));
}
