/** A contestant has one colour on all plots: ours warm, the others cool. */
const colours: Readonly<Record<string, string>> = {
  'fa-metal': '#e8590c',
  'fa-metal metal': '#c2255c',
  'fa-metal avx2': '#f59f00',
  'fa-metal tfjs': '#f08c00',
  'fa-metal onnxruntime': '#ffc078',
  PyTorch: '#5f3dc4',
  TensorFlow: '#1098ad',
  'tfjs-node': '#1c7ed6',
  'tfjs wasm': '#74c0fc',
  'ORT Attention': '#2b8a3e',
  'ORT MultiHeadAttention': '#51cf66',
  'ORT GroupQueryAttention': '#a9e34b',
};

const unknown = '#868e96';

/** Names in the order of the table above; others follow. */
export function inOrder(names: readonly string[]): string[] {
  const known = Object.keys(colours);
  const rank = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...new Set(names)].sort((a, b) => rank(a) - rank(b));
}

/** Colour scale of some contestants. */
export function colourScale(names: readonly string[]) {
  const domain = inOrder(names);
  return { domain, range: domain.map((name) => colours[name] ?? unknown) };
}
