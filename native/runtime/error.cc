#include "error.h"

#include <utility>

namespace fa {

namespace {
thread_local const char* op_of_thread = "attention";
}

Error::Error(ErrorCode code, std::string argument, const std::string& message)
    : std::runtime_error(message), code_(code), argument_(std::move(argument)) {}

void refuse(ErrorCode code, const char* argument, const std::string& expected, const std::string& got) {
  throw Error(code, argument,
              std::string("[") + current_op() + "] " + argument + ": expected " + expected + ", got " + got);
}

const char* current_op() { return op_of_thread; }

OpScope::OpScope(const char* op) : previous_(std::exchange(op_of_thread, op)) {}

OpScope::~OpScope() { op_of_thread = previous_; }

}  // namespace fa
