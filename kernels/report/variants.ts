import * as msl from '../msl.mjs';

export type Variant = msl.MetalVariant;

export const variants = [...msl.variantsByName.values()];

export function variantNamed(hostName: string): Variant {
  const found = variants.find((variant) => variant.hostName === hostName);
  if (found === undefined) throw new Error(`the table has no variant ${hostName}`);
  return found;
}

/** All that Metal has to compile for one variant. */
export function libraryText(variant: Variant): string {
  const { rows, block, simdgroups, own, pass } = variant;
  const tile = `fa::Tile<${[rows, block, simdgroups, places.indexOf(own), pass].join(', ')}>`;
  return msl.libraryText(variant.hostName).replace(/fa::Tile<[^>]*>/g, tile);
}

const places = ['registers', 'threadgroup', 'device'];

/** The variant with another tile, such as `block=8,own=device`: to try what the table might say. */
export function withTile(variant: Variant, change: string): Variant {
  const pairs = change.split(',').map((pair) => pair.split('=') as [string, string]);
  const unknown = pairs.find(([name]) => !['rows', 'block', 'simdgroups', 'own'].includes(name));
  if (unknown) throw new Error(`expected rows, block, simdgroups or own, got ${unknown[0]}`);
  const values = pairs.map(([name, value]) => [name, name === 'own' ? value : Number(value)]);
  const changed: Variant = { ...variant, ...Object.fromEntries(values) };
  if (!places.includes(changed.own)) throw new Error(`expected own=${places.join('|')}, got ${changed.own}`);
  return { ...changed, threads: 32 * changed.simdgroups };
}

export const elementBytes = ({ dtype }: Variant): number => (dtype === 'float32' ? 4 : 2);

/** Rows that a threadgroup owns. */
export const groupRows = ({ rows, simdgroups }: Variant): number => rows * simdgroups;
