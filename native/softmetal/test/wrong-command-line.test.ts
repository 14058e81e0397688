import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { file, folder, header, softmetal } from './command-line.js';

describe('a wrong command line is told what was expected, and ends with 2', () => {
  const given = (words: string) => ['run', 'empty.metal', '-f', 'f', ...words.split(' ')];
  test.each([
    ['nothing', [], 'Usage: softmetal'],
    ['a command that is not there', ['walk'], "unknown command 'walk'"],
    ['no file', ['run', '-f', 'f', '-g', '1'], "missing required argument 'file'"],
    ['no function', ['run', 'empty.metal', '-g', '1'], "required option '-f, --function <name>' not specified"],
    ['a file that is not there', ['run', 'none.metal', '-f', 'f', '-g', '1'], "expected a file, got 'none.metal'"],
    [
      'a folder as a shader',
      ['run', 'folder', '-f', 'f', '-g', '1'],
      "expected a file, got 'folder', which is a folder",
    ],
    ['no grid', ['run', 'empty.metal', '-f', 'f'], 'expected --grid X,Y,Z (threadgroups) or --total X,Y,Z (threads)'],
    ['two grids', given('-g 1 --total 1'), "cannot be used with option '--total <x,y,z>'"],
    ['a grid of nothing', given('-g 0'), "expected X[,Y[,Z]] from 1, got '0'"],
    ['a buffer without an index', given('-g 1 -b in.bin'), 'expected INDEX=FILE[:rw[:BYTES]]'],
    ['a buffer that is not there', given('-g 1 -b 0=none.bin'), "expected a file, got 'none.bin'"],
    ['a new buffer of no size', given('-g 1 -b 0=none.bin:rw'), '0=none.bin:rw:BYTES'],
    ['a buffer of no type', given('-g 1 -b 0=double:1'), 'expected a file, zeros:BYTES or TYPE:VALUES'],
    ['an index too high', given('-g 1 -b 31=zeros:4'), 'index 31 is over 30'],
    ['an index twice', given('-g 1 -b 0=zeros:4 --bytes 0=int:1'), 'got several for 0'],
    ['threadgroup memory twice', given('-g 1 --tgmem 1=16 --tgmem 1=16'), 'expected one --tgmem for each index'],
    ['a number out of range', given('-g 1 --bytes 0=uchar:256'), 'expected a number from 0 to 255, got 256'],
    ['a constant without a type', given('-g 1 -c 0=true'), "expected INDEX=TYPE:VALUE, got '0=true'"],
    ['a constant that is not one', given('-g 1 -c 0=bool:2'), "expected true or false, got '2'"],
    ['a macro that is no name', given('-g 1 -D 1=2'), "expected NAME or NAME=VALUE, got '1=2'"],
    ['a folder that is not there', given('-g 1 -I none'), "expected a folder, got 'none'"],
    ['no repetition', given('-g 1 --repeat 0'), 'expected a number from 1, got 0'],
    ['a setting of a wrong value', given('-g 1 --seed x'), "seed: expected a number, got 'x'"],
    ['an unknown profile', given('-g 1 --profile apple1'), 'profile: expected apple10 | apple7 | apple8 | apple9, got'],
    [
      'a buffer to print that is not given',
      given('-g 1 -p 3=float'),
      'expected the index of a --buffer, got --print 3',
    ],
    ['an unknown type to print', given('-g 1 -p 0=double'), "got 'double'"],
    ['an unknown option', given('-g 1 --fast'), "unknown option '--fast'"],
    ['nothing to check', ['check'], "missing required argument 'files'"],
    ['a shader to check that is not there', ['check', 'none.metal'], "expected a file, got 'none.metal'"],
    ['a format of settings', ['settings', '--format', 'x'], 'text, markdown, json'],
  ])('%s', (_, words, message) => {
    file('empty.metal', header);
    mkdirSync(join(folder, 'folder'), { recursive: true });
    const { status, stdout, stderr } = softmetal(...words);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
