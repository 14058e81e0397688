// Runs in the emulated Node: loads the native binary that it is told of and makes the calls that arrive at its standard input.
import { createRequire } from 'node:module';
import { decoder, encode } from './wire.mjs';

const addon = createRequire(import.meta.url)(process.argv[2]);
const devices = [];

const operations = {
  about: () => ({ architecture: process.arch, instructionSets: addon.instructionSets() }),
  open: (config) => devices.push(addon.openDevice(config)) - 1,
  info: (_, device) => devices[device].info(),
  plan: (problem, device) => devices[device].plan(problem),
  forward: (call, device) => devices[device].forward(call),
  backward: (call, device) => devices[device].backward(call),
};

function answer({ operation, argument, device }) {
  try {
    return { value: operations[operation](argument, device) };
  } catch ({ message, code, argument: named }) {
    return { error: { message, code, argument: named } };
  }
}

process.stdin.on(
  'data',
  decoder((request, buffers) => {
    for (const part of encode(answer(request), buffers)) process.stdout.write(part);
  }),
);
