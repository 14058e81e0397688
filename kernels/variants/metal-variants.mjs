// Expands metal.json into its variants: one Metal function each.
const dtypes = {
  half: [
    { dtype: 'float16', suffix: 'f16', type: 'half' },
    { dtype: 'bfloat16', suffix: 'bf16', type: 'bfloat' },
  ],
  single: [{ dtype: 'float32', suffix: 'f32', type: 'float' }],
};
const owns = ['registers', 'threadgroup', 'device'];
const bothPasses = 3;
const baseFamily = 7;
const simdgroupWidth = 32;

const snake = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/**
 * Every variant of the table, in the table's order.
 *
 * A width's kernels are those of its `kernels`, else all but those that any width will do for. A tile is the kernel's own,
 * overridden by the width's for the element type, overridden by that of the chip family
 * (`"apple9": { "half": { "dq": {...} } }`), which makes a variant of its own; `tileOf` names the kernel whose tiles a kernel
 * shares. A kernel with a list of tiles has a variant for each, and the plan chooses by `rows`. A kernel may have variants
 * for some `elements` only.
 */
export function metalVariants({ kernels, widths }) {
  return widths.flatMap((entry) =>
    (entry.kernels ?? Object.keys(kernels).filter((name) => !kernels[name].anyWidth)).flatMap((kernel) =>
      (kernels[kernel].elements ?? Object.keys(dtypes)).flatMap((elements) => {
        const like = kernels[kernel].tileOf ?? kernel;
        const base = merged(kernels[like].tile, entry[elements]?.[like]);
        const families = Object.keys(entry).filter((key) => /^apple\d+$/.test(key) && entry[key][elements]?.[like]);
        return [
          ...variants(entry, kernel, elements, base, baseFamily),
          ...families.flatMap((family) => {
            const tiles = merged(base, entry[family][elements][like]);
            return variants(entry, kernel, elements, tiles, Number(family.slice('apple'.length)));
          }),
        ];
      }),
    ),
  );
}

/** The variant whose counts stand for another's: bfloat16 has the tiles of float16, and does the same. */
export const countedAs = (hostName) => hostName.replace('_bf16_', '_f16_');

/** Lists are merged tile by tile. */
function merged(base, override) {
  if (!Array.isArray(base) && !Array.isArray(override)) return { ...base, ...override };
  const tiles = [base ?? []].flat();
  return [override ?? tiles].flat().map((tile, index) => ({ ...tiles[index], ...tile }));
}

function variants(entry, kernel, elements, tiles, family) {
  return [tiles].flat().flatMap((tile, index) => {
    const passes = tile.passes === 2 ? [1, 2] : [bothPasses];
    const named = { ...tile, suffix: index === 0 ? [] : [`rows${tile.rows}`] };
    return dtypes[elements].flatMap((element) =>
      passes.map((pass) => variant(entry, kernel, element, named, family, pass)),
    );
  });
}

function variant({ width, valueWidth }, kernel, { dtype, suffix, type }, tile, family, pass) {
  const own = owns.indexOf(tile.own);
  if (own < 0) throw new Error(`metal.json: ${kernel} at width ${width}: own is '${tile.own}', not one of ${owns}`);
  const name = snake(kernel);
  const hostName = [
    name,
    suffix,
    width === valueWidth ? width : `${width}x${valueWidth}`,
    ...tile.suffix,
    ...(pass === bothPasses ? [] : [`pass${pass}`]),
    ...(family === baseFamily ? [] : [`apple${family}`]),
  ].join('_');
  const tileText = `fa::Tile<${tile.rows}, ${tile.block}, ${tile.simdgroups}, ${own}, ${pass}>`;
  const text = `fa::${name}<${type}, ${width}, ${valueWidth}, ${tileText}>`;
  return {
    kernel,
    family,
    dtype,
    width,
    valueWidth,
    rows: tile.rows,
    block: tile.block,
    simdgroups: tile.simdgroups,
    own: tile.own,
    pass,
    threads: tile.simdgroups * simdgroupWidth,
    keepsScores: tile.keepsScores ?? false,
    source: tile.source ?? 'costmodel',
    hostName,
    instantiation: `template [[host_name("${hostName}")]] [[kernel]] decltype(${text}) ${text};`,
  };
}
