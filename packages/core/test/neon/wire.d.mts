export declare function encode(message: unknown, buffers: readonly ArrayBuffer[]): Buffer[];
export declare function decoder(
  receive: (body: unknown, buffers: readonly ArrayBuffer[]) => void,
): (chunk: Buffer) => void;
