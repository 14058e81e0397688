import { type CaseParameters, type ParameterName, parameterNames } from './parameters.js';

export interface ParsedId {
  family: string;
  parameters: CaseParameters;
}

const separator = ':';
const known = new Set<string>(parameterNames);

/** `family:key=value,...`, keys in the order of `parameterNames`; the same parameters always give the same text. */
export function formatId(family: string, parameters: CaseParameters): string {
  const fields = parameterNames
    .filter((name) => parameters[name] !== undefined)
    .map((name) => `${name}=${formatValue(name, parameters[name])}`);
  return `${family}${separator}${fields.join(',')}`;
}

function formatValue(name: ParameterName, value: unknown): string {
  const text = String(value);
  if (/[,=:\s]/.test(text))
    throw new Error(`[conformance] ${name}: expected a value without , = : or space, got ${text}`);
  return text;
}

/**
 * Reads an id back; any combination of parameters makes a case, also one that no family lists.
 * @throws Error for an unknown or repeated parameter, or text that is not an id
 */
export function parseId(id: string): ParsedId {
  const colon = id.indexOf(separator);
  if (colon < 1) throw new Error(`[conformance] id: expected family:key=value,..., got ${id}`);
  const parameters: Record<string, unknown> = {};
  for (const field of id
    .slice(colon + 1)
    .split(',')
    .filter((text) => text !== '')) {
    const equals = field.indexOf('=');
    const name = field.slice(0, equals);
    if (!known.has(name)) throw new Error(`[conformance] id: expected a known parameter, got ${field}`);
    if (name in parameters) throw new Error(`[conformance] id: ${name} is given twice`);
    parameters[name] = parseValue(name, field.slice(equals + 1));
  }
  return { family: id.slice(0, colon), parameters: parameters as CaseParameters };
}

/** Words that look like numbers: broadcast patterns and the names of sequences and files. */
const wordParameters = new Set<string>(['mask', 'bias', 'varlen', 'file', 'refuse'] satisfies ParameterName[]);

function parseValue(name: string, text: string): unknown {
  if (wordParameters.has(name)) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** 32-bit FNV-1a over UTF-16 code units, then the finaliser of MurmurHash3. Never changes: the data depends on it. */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    state ^= text.charCodeAt(i);
    state = Math.imul(state, 0x01000193);
  }
  state ^= state >>> 16;
  state = Math.imul(state, 0x85ebca6b);
  state ^= state >>> 13;
  state = Math.imul(state, 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
