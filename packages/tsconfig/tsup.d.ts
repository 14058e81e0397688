import type { Options } from 'tsup';

export function libraryBuild(options?: Options): Options;
