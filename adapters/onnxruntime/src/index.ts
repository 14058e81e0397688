export type { NodeAssignment } from './native.js';
export {
  customOpsLibraryPath,
  type OnnxRuntimeModule,
  type Registration,
  type RegistrationInfo,
  register,
} from './register.js';
