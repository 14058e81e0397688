import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countedAs } from '../variants/metal-variants.mjs';
import { type Counts, products } from './count.js';
import { type MetalProfile, profileNames } from './generated/metal-model.js';
import { countsOf } from './measure.js';
import { type Profile, profileOf } from './model.js';
import { usualShape } from './shapes.js';
import { unitsOf } from './units.js';
import { type Variant, variants } from './variants.js';

/** What the cost model of plans knows of each variant; kernels/variants/generate.mjs carries it on. */
const file = fileURLToPath(new URL('../variants/metal-profiles.json', import.meta.url));
const source = 'npm run kernels:report -- --write: counts of the software device; not measured on Apple hardware';

interface Table {
  source: string;
  columns: readonly string[];
  variants: Record<string, number[]>;
}

const readTable = (): Table['variants'] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Table).variants : {};

/** Digits that are kept: the model is not better than that. */
const digits = 4;

/** Of one variant in its usual small call. */
export async function countedProfile(variant: Variant): Promise<{ counts: Counts; profile: Profile }> {
  const shape = usualShape(variant);
  const counts = await countsOf(variant, shape);
  return { counts, profile: profileOf(counts, unitsOf(variant, shape, products(counts))) };
}

export const rowOf = (profile: MetalProfile): number[] =>
  profileNames.map((name) => Number(profile[name].toPrecision(digits)));

export function readProfile(hostName: string): MetalProfile {
  const row = readTable()[countedAs(hostName)];
  if (row === undefined) throw new Error(`there are no counts of ${hostName}: npm run kernels:report -- --write`);
  return Object.fromEntries(profileNames.map((name, index) => [name, row[index]])) as unknown as MetalProfile;
}

/** Replaces what is known of these variants, and forgets those that the table need not have. */
export function writeProfiles(found: ReadonlyMap<string, MetalProfile>): void {
  const known: Table['variants'] = {
    ...readTable(),
    ...Object.fromEntries([...found].map(([name, profile]) => [name, rowOf(profile)])),
  };
  const lines = variants.flatMap(({ hostName }) => {
    const row = known[hostName];
    return row === undefined || countedAs(hostName) !== hostName ? [] : [`    "${hostName}": [${row.join(', ')}]`];
  });
  const columns = profileNames.map((name) => `"${name}"`).join(', ');
  writeFileSync(
    file,
    `{\n  "source": "${source}",\n  "columns": [${columns}],\n  "variants": {\n${lines.join(',\n')}\n  }\n}\n`,
  );
}

/** Variants of which the table says something else, or nothing. */
export function staleProfiles(found: ReadonlyMap<string, MetalProfile>): string[] {
  const known = readTable();
  return [...found]
    .filter(([name, profile]) => `${known[countedAs(name)]}` !== `${rowOf(profile)}`)
    .map(([name]) => name);
}
