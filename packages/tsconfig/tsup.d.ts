import type { Options } from 'tsup';

/** Named here so that the type of a package's tsup.config.ts can be written down. */
export interface LibraryBuild extends Options {}

export function libraryBuild(options?: Options): LibraryBuild;
