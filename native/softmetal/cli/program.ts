import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as parse from './arguments.js';
import type { CheckOptions } from './check.js';
import type { RunOptions } from './run.js';
import type { TranslateOptions } from './translate.js';
import { typeNames } from './values.js';

/** What the two commands do with what the command line says. */
export interface Actions {
  run(file: string, options: RunOptions): void;
  check(files: string[], options: CheckOptions): void;
  translate(file: string, options: TranslateOptions): void;
  settings(format: string): void;
}

/** A parser whose complaints commander shows with the option's name. */
function read<Value>(parser: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parser(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

/** The same for an option that may be given several times. */
function list<Value>(parser: (text: string) => Value): (text: string, before: Value[]) => Value[] {
  const one = read(parser);
  return (text, before) => [...before, one(text)];
}

const many = <Value>(flags: string, text: string, parser: (text: string) => Value) =>
  new Option(flags, text).argParser(list(parser)).default([], 'none');

interface RunFlags extends Omit<RunOptions, 'settings'> {
  validate?: boolean;
  seed?: string;
  schedule?: string;
  workers?: string;
  profile?: string;
  timeout?: string;
}

function settings(flags: RunFlags): Record<string, string> {
  const given: Record<string, string | undefined> = {
    validate: flags.validate ? '1' : undefined,
    stats: flags.stats ? '1' : undefined,
    seed: flags.seed,
    schedule: flags.schedule ?? (flags.seed === undefined && flags.seeds === 0 ? undefined : 'random'),
    workers: flags.workers,
    profile: flags.profile,
    timeout: flags.timeout,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

const include = () => many('-I, --include <folder>', 'where #include looks', parse.folder);
const define = () => many('-D, --define <name[=value]>', 'preprocessor macro', parse.define);
const count = read((text) => parse.wholeNumber(text, 'count'));
const exitStatus = `
Exit status: 0 when nothing was found, 1 when something was, 2 when the command line is wrong.`;

function runCommand(actions: Actions): Command {
  return new Command('run')
    .description('Runs one kernel and writes its buffers back.')
    .argument('<file>', 'MSL source')
    .requiredOption('-f, --function <name>', 'kernel, by its host name')
    .addOption(new Option('-g, --grid <x,y,z>', 'threadgroups').argParser(read(parse.size)).conflicts('total'))
    .addOption(new Option('--total <x,y,z>', 'threads in the grid, in place of --grid').argParser(read(parse.size)))
    .addOption(
      new Option('-t, --threads <x,y,z>', 'threads per threadgroup')
        .argParser(read(parse.size))
        .default([32, 1, 1], '32,1,1'),
    )
    .addOption(many('-b, --buffer <i=what>', 'FILE[:rw[:BYTES]], zeros:BYTES or TYPE:VALUES', parse.buffer))
    .addOption(many('--bytes <i=what>', 'setBytes: FILE or TYPE:VALUES', parse.bytes))
    .addOption(many('-c, --constant <i=type:value>', 'function constant', parse.constant))
    .addOption(many('--tgmem <i=bytes>', 'threadgroup memory', parse.threadgroupMemory))
    .addOption(many('-p, --print <i=type[:count]>', `print a buffer; types: ${typeNames.join(', ')}`, parse.print))
    .addOption(include())
    .addOption(define())
    .addOption(new Option('--repeat <n>', 'dispatches in a row').argParser(read(parse.fromOne)).default(1))
    .option('--validate', 'check every access: bounds, alignment, races, barriers, unwritten memory')
    .option('--stats', 'count operations and traffic')
    .option('--seed <n>', 'run threads in this random order')
    .addOption(
      new Option('--seeds <n>', 'run from the start in n random orders: outputs must agree')
        .argParser(count)
        .default(0),
    )
    .addOption(new Option('--schedule <name>', 'order of threads').choices(['order', 'reverse', 'random', 'lockstep']))
    .option('--workers <n>', 'processor cores to use')
    .option('--profile <name>', 'apple7, apple8, apple9 or apple10')
    .option('--timeout <seconds>', 'end a kernel that runs longer')
    .option('--json', 'print JSON')
    .action((file: string, flags: RunFlags) => {
      actions.run(file, { ...flags, settings: settings(flags) });
    });
}

function checkCommand(actions: Actions): Command {
  return new Command('check')
    .description("Checks shaders as strictly as Apple's compiler would, address spaces included.")
    .argument('<files...>', 'MSL sources')
    .addOption(include())
    .addOption(define())
    .option('--json', 'print JSON')
    .action((files: string[], flags: CheckOptions) => {
      actions.check(files, flags);
    });
}

function translateCommand(actions: Actions): Command {
  return new Command('translate')
    .description('Prints the C++ that one kernel becomes, for the headers in stdlib/run.')
    .argument('<file>', 'MSL source')
    .requiredOption('-f, --function <name>', 'kernel, by its host name')
    .addOption(many('-c, --constant <i=type:value>', 'function constant', parse.literal))
    .addOption(include())
    .addOption(define())
    .action((file: string, flags: TranslateOptions) => {
      actions.translate(file, flags);
    });
}

function settingsCommand(actions: Actions): Command {
  return new Command('settings')
    .description('Lists what can be set, by environment variables and by softmetal_set().')
    .addOption(new Option('--format <name>', 'how to print it').choices(['text', 'markdown', 'json']).default('text'))
    .action(({ format }: { format: string }) => {
      actions.settings(format);
    });
}

const version = () => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version as string;

export function createProgram(actions: Actions): Command {
  const program = new Command('softmetal')
    .description('A Metal device in software: runs and checks compute kernels without a Mac.')
    .version(version());
  for (const command of [
    runCommand(actions),
    checkCommand(actions),
    translateCommand(actions),
    settingsCommand(actions),
  ]) {
    program.addCommand(command.addHelpText('after', exitStatus));
  }
  for (const command of [program, ...program.commands]) {
    command.configureHelp({ helpWidth: 110 }).showHelpAfterError('(--help tells more)').exitOverride();
  }
  return program;
}
