import { importsOf } from './imports.mjs';
import { layerOf } from './layers.mjs';

const source = /\.([cm]?[jt]s|cc|h|mm|metal)$/;

/** One sentence for every import or include among `files` that goes against an arrow. */
export function brokenArrows(root, files) {
  return files
    .filter((file) => source.test(file))
    .flatMap((file) => {
      const layer = layerOf(file);
      if (!layer) return [];
      return importsOf(root, file).flatMap((used) => {
        const reason = refusal(layer, used);
        return reason ? [`${file}: '${used.text}' ${reason}`] : [];
      });
    });
}

function refusal(layer, { text, target }) {
  if (target === undefined) {
    return layer.forbidden.some((pattern) => pattern.test(text))
      ? `is a header that ${layer.folder} must not know`
      : undefined;
  }
  const allowed = [layer.folder, ...layer.uses];
  const targetLayer = layerOf(target);
  if (targetLayer && allowed.includes(targetLayer.folder)) return undefined;
  return `is in ${targetLayer?.folder ?? target}, but ${layer.folder} may only use ${layer.uses.join(', ') || 'itself'}`;
}
