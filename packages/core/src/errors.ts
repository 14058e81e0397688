import { describeValue } from './describe-value.js';
import { type ErrorCode, errorCodes } from './generated/errors.js';

/** Survives two copies of this package in one process, where `instanceof` does not. */
const marker = Symbol.for('fa-metal.FaMetalError');

export interface FaMetalErrorDetails {
  /** Public name of the argument at fault, e.g. `cuSeqlensQ`. */
  argument?: string | undefined;
  cause?: unknown;
}

/** Every refusal and failure of this package. `code` is stable; the message is for people. */
export class FaMetalError extends Error {
  override readonly name = 'FaMetalError';
  readonly code: ErrorCode;
  declare readonly argument?: string;

  constructor(code: ErrorCode, message: string, { argument, cause }: FaMetalErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    if (argument) Object.assign(this, { argument });
    Object.defineProperty(this, marker, { value: true });
  }

  /** True for a FaMetalError of any copy of this package. */
  static isInstance(error: unknown): error is FaMetalError {
    return error instanceof Error && (error as { [marker]?: unknown })[marker] === true;
  }
}

/** What was wrong with one argument. */
export interface Refusal {
  code: ErrorCode;
  argument: string;
  /** What would have been right, e.g. `a finite number`. */
  expected: string;
  /** What came, in words; `describeValue` makes it from a value. */
  got: string;
}

let operation = '';

/** Names the operation in every message that `body` throws. Only for synchronous bodies. */
export function inOperation<T>(name: string, body: () => T): T {
  const outer = operation;
  operation = name;
  try {
    return body();
  } finally {
    operation = outer;
  }
}

/** An error with the message `[operation] argument: expected ..., got ...`. */
export function refusal({ code, argument, expected, got }: Refusal, cause?: unknown): FaMetalError {
  const prefix = operation ? `[${operation}] ` : '';
  return new FaMetalError(code, `${prefix}${argument}: expected ${expected}, got ${got}`, { argument, cause });
}

export function invalidArgument(argument: string, expected: string, value: unknown): FaMetalError {
  return refusal({ code: 'INVALID_ARGUMENT', argument, expected, got: describeValue(value) });
}

/** Native errors carry string properties `code` and `argument`; anything else that is thrown there is our fault. */
export function fromNative(error: unknown): FaMetalError {
  if (FaMetalError.isInstance(error)) return error;
  const { code, argument, message } = (error ?? {}) as { code?: unknown; argument?: unknown; message?: unknown };
  if (typeof code === 'string' && Object.hasOwn(errorCodes, code)) {
    const details = { argument: typeof argument === 'string' ? argument : undefined, cause: error };
    return new FaMetalError(code as ErrorCode, String(message), details);
  }
  return new FaMetalError('INTERNAL', `[${operation || 'fa-metal'}] ${String(message ?? error)}`, { cause: error });
}

/** Runs `body`, turning native errors into FaMetalError. */
export function callNative<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw fromNative(error);
  }
}
