import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What kernels and host share is written once, in kernels/include/fa; tools read it from there. */
const header = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../include/fa/${name}.h`, import.meta.url)), 'utf8').replace(/\/\/.*$/gm, '');

const bindings = header('bindings');
const structs = ['key_band', 'sequence', 'philox', 'params'].map(header).join('\n');

/** Values of `FA_CONSTANT int kName = 3;`, in a namespace where one is named. */
function constants(text: string): Record<string, number> {
  const found = [...text.matchAll(/FA_CONSTANT int (k\w+)\s*=\s*([^;]+);/g)] as unknown as [string, string, string][];
  return Object.fromEntries(found.map(([, name, value]) => [name, Number(value)]));
}

const namespaced = (name: string) => new RegExp(`namespace ${name} \\{([\\s\\S]*?)\\n\\}`).exec(bindings)?.[1] ?? '';

/** Index by name, such as kQ. */
export const binding = lookUp('binding');
export const constantId = lookUp('constant_id');

/** Names of the function constants, such as kHasMask. */
export const constantNames = Object.keys(constants(namespaced('constant_id')));

function lookUp(name: string): (constant: string) => number {
  const values = constants(namespaced(name));
  return (constant) => {
    const value = values[constant];
    if (value === undefined || Number.isNaN(value)) throw new Error(`bindings.h has no ${name}::${constant}`);
    return value;
  };
}

/** Stands for "no limit" on one side of a band. */
export const unbounded = 2 ** 30;

interface Field {
  name: string;
  type: string;
}

/** Members of a struct, in order. */
function fields(struct: string): Field[] {
  const body = new RegExp(`struct ${struct} \\{([\\s\\S]*?)\\n\\};`).exec(structs)?.[1];
  if (body === undefined) throw new Error(`kernels/include/fa has no struct ${struct}`);
  const lines = [...body.matchAll(/^\s*(\w+) ([\w, ]+);/gm)] as unknown as [string, string, string][];
  return lines.flatMap(([, type, names]) => names.split(',').map((name) => ({ type, name: name.trim() })));
}

export interface Values {
  [name: string]: number | Values;
}

const scalars: Record<string, { bytes: number; write(view: DataView, offset: number, value: number): void }> = {
  Int64: { bytes: 8, write: (view, offset, value) => view.setBigInt64(offset, BigInt(value), true) },
  int: { bytes: 4, write: (view, offset, value) => view.setInt32(offset, value, true) },
  UInt32: { bytes: 4, write: (view, offset, value) => view.setUint32(offset, value, true) },
  float: { bytes: 4, write: (view, offset, value) => view.setFloat32(offset, value, true) },
};

const roundedUp = (value: number, to: number) => Math.ceil(value / to) * to;

function alignment(type: string): number {
  return scalars[type]?.bytes ?? Math.max(...fields(type).map((field) => alignment(field.type)));
}

/** Writes a struct as C++ lays it out; returns the offset behind it. Values must name exactly its members. */
function write(view: DataView, start: number, struct: string, values: Values): number {
  const members = fields(struct);
  const unknown = Object.keys(values).find((name) => members.every((member) => member.name !== name));
  if (unknown !== undefined) throw new Error(`struct ${struct} has no member ${unknown}`);
  let offset = start;
  for (const { name, type } of members) {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for member ${name} of struct ${struct}`);
    offset = roundedUp(offset, alignment(type));
    const scalar = scalars[type];
    if (scalar === undefined) offset = write(view, offset, type, value as Values);
    else {
      scalar.write(view, offset, value as number);
      offset += scalar.bytes;
    }
  }
  return roundedUp(offset, alignment(struct));
}

/** The bytes of a struct of kernels/include/fa. */
export function structBytes(struct: string, values: Values): Uint8Array {
  const view = new DataView(new ArrayBuffer(4096));
  const length = write(view, 0, struct, values);
  return new Uint8Array(view.buffer, 0, length).slice();
}
