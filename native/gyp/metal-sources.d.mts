/** Writes the C++ file that holds the kernels, if it has changed. @returns its path */
export declare function writeMetalSources(): string;
