import type { MetalVariant } from './variants/metal-variants.mjs';

export type { MetalVariant };
export declare const metalTable: { kernels: Record<string, { file: string; says: string }> };
export declare const variantsByName: Map<string, MetalVariant>;
export declare function sourceFiles(kernel: string): string[];
export declare function flatten(kernel: string): string;
export declare function libraryText(hostName: string): string;
