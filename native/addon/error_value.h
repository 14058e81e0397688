// Native failures as JavaScript errors: an Error with the string properties `code` and `argument`.
#pragma once
#include <napi.h>

#include <exception>
#include <string>

namespace fa {

/// A failure that can cross threads, before it becomes a JavaScript value.
struct Failure {
  std::string code;
  std::string argument;
  std::string message;
};

Failure failure_of(std::exception_ptr exception);

Napi::Error error_value(Napi::Env env, const Failure& failure);

/// Runs `body`; what it throws reaches JavaScript as an error value.
template <typename Body>
auto guarded(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;  // raised by the caller's own getters
  } catch (...) {
    throw error_value(env, failure_of(std::current_exception()));
  }
}

}  // namespace fa
