import { invalidArgument } from './errors.js';

/**
 * `value`, if it is an object of these names and no others: a misspelt name that is ignored would be another result
 * in silence. Names whose value is undefined do not count. For adapters too.
 *
 * @throws FaMetalError `INVALID_ARGUMENT`; its argument is the name that is not known, or `nested` when that is given
 */
export function readObject<T extends object>(argument: string, value: T, names: readonly string[], nested?: string): T {
  // By tag, so that objects of another realm pass and arrays, maps and typed arrays do not.
  if (Object.prototype.toString.call(value) !== '[object Object]') throw invalidArgument(argument, 'an object', value);
  for (const [name, entry] of Object.entries(value)) {
    if (entry === undefined || names.includes(name)) continue;
    throw invalidArgument(nested ?? name, `one of ${names.join(', ')}`, name);
  }
  return value;
}
