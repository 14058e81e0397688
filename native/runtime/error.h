// Every refusal and failure of the runtime. Bridges turn it into their host's error; nothing else is thrown
// across them.
#pragma once
#include <stdexcept>
#include <string>

#include "generated/enums.h"  // ErrorCode

namespace fa {

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string argument, const std::string& message);

  ErrorCode code() const { return code_; }
  /// The public (TypeScript) name of the argument at fault, e.g. "cuSeqlensQ"; empty when none is.
  const std::string& argument() const { return argument_; }

 private:
  ErrorCode code_;
  std::string argument_;
};

/// Throws with the message "[op] argument: expected ..., got ...".
[[noreturn]] void refuse(ErrorCode code, const char* argument, const std::string& expected,
                         const std::string& got);

/// The op that messages of this thread name now.
const char* current_op();

/// Name of the op in messages for the rest of this scope and thread, "attention" or "attentionBackward".
class OpScope {
 public:
  explicit OpScope(const char* op);
  ~OpScope();
  OpScope(const OpScope&) = delete;
  OpScope& operator=(const OpScope&) = delete;

 private:
  const char* previous_;
};

}  // namespace fa
