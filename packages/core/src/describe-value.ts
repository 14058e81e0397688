import { types } from 'node:util';

const longest = 80;
const deepest = 3;

/** A value in a few words, for error messages: what it is, and how big, but never its bulk. */
export function describeValue(value: unknown): string {
  const text = describe(value);
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}

function describe(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value)) return describeView(value);
  if (depth === deepest) return '...';
  const inner = (entry: unknown) => describe(entry, depth + 1);
  if (Array.isArray(value)) return `[${value.slice(0, 16).map(inner).join(', ')}]`;
  if (types.isAnyArrayBuffer(value)) return `an ${value.constructor.name}`;
  const entries = Object.entries(value).slice(0, 8);
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, entry]) => `${key}: ${inner(entry)}`).join(', ')} }`;
}

function describeView(view: ArrayBufferView): string {
  const length = 'length' in view ? Number(view.length) : view.byteLength;
  return `${view.constructor.name}(${length})`;
}
