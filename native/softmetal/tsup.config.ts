import { libraryBuild } from '@fa-metal/tsconfig/tsup';

export default libraryBuild({ entry: ['cli/main.ts'], format: ['esm'], dts: false });
