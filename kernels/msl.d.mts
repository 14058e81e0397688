export interface MetalVariantText {
  kernel: string;
  hostName: string;
  /** The line that makes the kernel's template this variant. */
  instantiation: string;
}

export const metalTable: { kernels: Record<string, { file: string; says: string }> };
export const variantsByName: Map<string, MetalVariantText>;
export function sourceFiles(kernel: string): string[];
export function flatten(kernel: string): string;
export function libraryText(hostName: string): string;
