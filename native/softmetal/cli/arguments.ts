import { existsSync, readFileSync, statSync } from 'node:fs';
import { encode, isType, metalType, typeNames } from './values.js';

/** A buffer of the dispatch: what it holds at first, and the file that gets what it holds at the end. */
export interface BufferArgument {
  index: number;
  data: Uint8Array;
  writeBack?: string;
}

export interface BytesArgument {
  index: number;
  data: Uint8Array;
}

export interface ConstantArgument {
  /** Index, or name, of the function constant. */
  key: string;
  metalType: number;
  data: Uint8Array;
}

export interface PrintArgument {
  index: number;
  type: string;
  count?: number;
}

const lastIndex = 30;

function split(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function indexed(text: string, form: string): { index: number; value: string } {
  const [index, value] = split(text, '=');
  if (value === undefined || !/^\d+$/.test(index)) throw new Error(`expected ${form}, got '${text}'`);
  if (Number(index) > lastIndex) throw new Error(`index ${index} is over ${lastIndex}`);
  return { index: Number(index), value };
}

export function wholeNumber(text: string, what: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${what}: expected a whole number, got '${text}'`);
  return Number(text);
}

export function fromOne(text: string): number {
  const number = wholeNumber(text, 'count');
  if (number === 0) throw new Error('expected a number from 1, got 0');
  return number;
}

/** `4`, `4,2`, `4,2,1` -> [4, 2, 1]. */
export function size(text: string): [number, number, number] {
  const parts = text.split(',').map((part) => wholeNumber(part, text));
  if (parts.length > 3 || parts.some((part) => part === 0)) throw new Error(`expected X[,Y[,Z]] from 1, got '${text}'`);
  return [parts[0] ?? 1, parts[1] ?? 1, parts[2] ?? 1];
}

/** Bytes given as `TYPE:v,v,...`, `zeros:BYTES` or a file. */
function given(value: string): Uint8Array {
  const [word, rest] = split(value, ':');
  if (rest !== undefined && isType(word)) return encode(word, rest);
  if (rest !== undefined && word === 'zeros') return new Uint8Array(wholeNumber(rest, value));
  if (rest !== undefined && !existsSync(value)) {
    throw new Error(`expected a file, zeros:BYTES or TYPE:VALUES with one of ${typeNames.join(', ')}, got '${value}'`);
  }
  return readFileSync(sourceFile(value));
}

/** The path of a file that is there and no folder. */
export function sourceFile(path: string): string {
  if (!existsSync(path)) throw new Error(`expected a file, got '${path}', which is not there`);
  if (!statSync(path).isFile()) throw new Error(`expected a file, got '${path}', which is a folder`);
  return path;
}

export function folder(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new Error(`expected a folder, got '${path}'`);
  return path;
}

const writable = /^(.+?):rw(?::(\d+))?$/;

/** `0=in.bin`, `1=out.bin:rw`, `1=out.bin:rw:4096`, `0=float:1,2,3`, `1=zeros:64`. */
export function buffer(text: string): BufferArgument {
  const { index, value } = indexed(text, 'INDEX=FILE[:rw[:BYTES]], INDEX=TYPE:VALUES or INDEX=zeros:BYTES');
  const match = writable.exec(value);
  if (!match) return { index, data: given(value) };
  const [, file, bytes] = match as unknown as [string, string, string | undefined];
  if (existsSync(file) && (bytes === undefined || statSync(file).size === Number(bytes))) {
    return { index, data: readFileSync(sourceFile(file)), writeBack: file };
  }
  if (bytes === undefined) {
    throw new Error(
      `expected a file, got '${file}', which is not there; with its size it is made: ${index}=${file}:rw:BYTES`,
    );
  }
  return { index, data: new Uint8Array(Number(bytes)), writeBack: file };
}

/** `2=params.bin`, `2=uint:128`. */
export function bytes(text: string): BytesArgument {
  const { index, value } = indexed(text, 'INDEX=FILE or INDEX=TYPE:VALUES');
  return { index, data: given(value) };
}

/** `200=bool:true`, `scale=float:0.125`. */
export function constant(text: string): ConstantArgument {
  const [key, value] = split(text, '=');
  const [type, list] = split(value ?? '', ':');
  if (list === undefined) throw new Error(`expected INDEX=TYPE:VALUE, got '${text}'`);
  return { key, metalType: metalType(type), data: encode(type, list) };
}

/** `200=bool:true` as C++: 200 and bool(true). */
export function literal(text: string): { index: number; literal: string } {
  const { key } = constant(text);
  const [type, value] = split(text.slice(key.length + 1), ':');
  return { index: wholeNumber(key, text), literal: `${type}(${value})` };
}

/** `0=4096`. */
export function threadgroupMemory(text: string): { index: number; length: number } {
  const { index, value } = indexed(text, 'INDEX=BYTES');
  return { index, length: wholeNumber(value, text) };
}

/** `A`, `A=1`. */
export function define(text: string): { name: string; value: string } {
  const [name, value] = split(text, '=');
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`expected NAME or NAME=VALUE, got '${text}'`);
  return { name, value: value ?? '1' };
}

/** `1=float`, `1=float:8`. */
export function print(text: string): PrintArgument {
  const { index, value } = indexed(text, 'INDEX=TYPE[:COUNT]');
  const [type, count] = split(value, ':');
  if (!isType(type)) throw new Error(`expected one of ${typeNames.join(', ')}, got '${type}'`);
  return { index, type, ...(count === undefined ? {} : { count: wholeNumber(count, text) }) };
}
