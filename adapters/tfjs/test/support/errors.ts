import { FaMetalError } from '../../src/index.js';

/** The error that `body` throws. Throws one of its own where there is none, or where it is not ours. */
export function errorOf(body: () => unknown): FaMetalError {
  try {
    body();
  } catch (error) {
    if (FaMetalError.isInstance(error)) return error;
    throw new Error('expected a FaMetalError', { cause: error });
  }
  throw new Error('expected an error, got none');
}
