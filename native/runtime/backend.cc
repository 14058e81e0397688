#include "backend.h"

#include "error.h"

namespace fa {

void raise(const Refusal& refusal) {
  const std::string where = std::string("[") + current_op() + "] " + refusal.argument + ": ";
  throw Error(refusal.code, refusal.argument, where + refusal.reason);
}

}  // namespace fa
