#include "addon/error_value.h"

#include <new>

#include "error.h"

namespace fa {

Failure failure_of(std::exception_ptr exception) {
  const std::string op = std::string("[") + current_op() + "] ";
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {to_string(error.code()), error.argument(), error.what()};
  } catch (const std::bad_alloc&) {
    return {to_string(ErrorCode::OUT_OF_MEMORY), "", op + "memory: expected enough for the call, got none"};
  } catch (const std::exception& error) {
    return {to_string(ErrorCode::INTERNAL), "", op + error.what()};
  } catch (...) {
    return {to_string(ErrorCode::INTERNAL), "", op + "unknown failure"};
  }
}

Napi::Error error_value(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  error.Set("argument", Napi::String::New(env, failure.argument));
  return error;
}

}  // namespace fa
