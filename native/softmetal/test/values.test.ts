import { Float16Array } from '@petamoriken/float16';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as parse from '../cli/arguments.js';
import { decode, encode } from '../cli/values.js';

const bits = (type: string, text: string) => Buffer.from(encode(type, text)).reverse().toString('hex');

describe('scalars of the command line', () => {
  test.each([
    ['bool', 'true', '01'],
    ['char', '-1', 'ff'],
    ['short', '-32768', '8000'],
    ['uint', '0xffffffff', 'ffffffff'],
    ['long', '-9223372036854775808', '8000000000000000'],
    ['ulong', '18446744073709551615', 'ffffffffffffffff'],
    ['float', '1', '3f800000'],
    ['float', '-inf', 'ff800000'],
    ['half', '65504', '7bff'],
    ['half', '65520', '7c00'],
    ['half', '5.960464477539063e-8', '0001'],
    ['bfloat', '1', '3f80'],
    ['bfloat', '1.00390625', '3f80'],
    ['bfloat', '1.01171875', '3f82'],
    ['bfloat', '3.4e38', '7f80'],
    ['bfloat', 'nan', '7fc0'],
  ])('%s %s', (type, text, expected) => {
    expect(bits(type, text)).toBe(expected);
  });

  test('what is written is what is read', () => {
    const integers = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 });
    fc.assert(
      fc.property(integers, (list) => {
        expect(decode('long', encode('long', list.join(',')))).toEqual(list.map(String));
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bff }), (pattern) => {
        const value = new Float16Array(Uint16Array.of(pattern).buffer)[0] as number;
        expect(bits('half', String(value))).toBe(pattern.toString(16).padStart(4, '0'));
      }),
    );
  });

  test.each([
    ['uint', '-1'],
    ['uint', '4294967296'],
    ['char', '128'],
    ['int', '1.5'],
    ['float', 'x'],
    ['float', ''],
    ['bool', '1'],
    ['double', '1'],
  ])('%s refuses %s', (type, text) => {
    expect(() => encode(type, text)).toThrow();
  });
});

describe('arguments of the command line', () => {
  test('sizes', () => {
    expect(parse.size('4')).toEqual([4, 1, 1]);
    expect(parse.size('4,2,3')).toEqual([4, 2, 3]);
    for (const text of ['0', '4,0', '', '1,2,3,4', '-1', 'x']) expect(() => parse.size(text)).toThrow();
  });

  test('buffers and bytes', () => {
    expect(parse.buffer('0=float:1,2').data).toEqual(encode('float', '1,2'));
    expect(parse.buffer('3=zeros:16')).toEqual({ index: 3, data: new Uint8Array(16) });
    expect(parse.buffer('1=not-there.bin:rw:8')).toEqual({
      index: 1,
      data: new Uint8Array(8),
      writeBack: 'not-there.bin',
    });
    expect(parse.bytes('2=uint:7').data).toEqual(encode('uint', '7'));
    for (const text of ['0', 'x=zeros:4', '31=zeros:4', '0=not-there.bin', '0=not-there.bin:rw', '0=zeros:x']) {
      expect(() => parse.buffer(text)).toThrow();
    }
  });

  test('constants, macros, threadgroup memory, what to print', () => {
    expect(parse.constant('200=bool:true')).toEqual({ key: '200', metalType: 53, data: Uint8Array.of(1) });
    expect(() => parse.constant('200=true')).toThrow();
    expect(parse.define('A=1=2')).toEqual({ name: 'A', value: '1=2' });
    expect(parse.define('A')).toEqual({ name: 'A', value: '1' });
    expect(parse.threadgroupMemory('0=4096')).toEqual({ index: 0, length: 4096 });
    expect(parse.print('1=half:8')).toEqual({ index: 1, type: 'half', count: 8 });
    expect(() => parse.print('1=double')).toThrow();
  });
});
