#include "failures.h"

#include <map>
#include <mutex>

namespace fa::tensorflow {
namespace {

constexpr size_t kMaxKept = 256;

struct Failures {
  std::mutex mutex;
  std::map<uint64_t, Error> kept;
  uint64_t next = 1;
};

Failures& failures() {
  static auto* instance = new Failures;  // never destroyed: a kernel may fail while the process exits
  return *instance;
}

}  // namespace

std::string keep_failure(const Error& error) {
  auto& all = failures();
  std::lock_guard lock(all.mutex);
  const uint64_t number = all.next++;
  all.kept.emplace(number, error);
  if (all.kept.size() > kMaxKept) all.kept.erase(all.kept.begin());
  return "fa-metal failure " + std::to_string(number) + ": " + to_string(error.code()) + ": " + error.what();
}

std::optional<Error> take_failure(uint64_t number) {
  auto& all = failures();
  std::lock_guard lock(all.mutex);
  const auto found = all.kept.find(number);
  if (found == all.kept.end()) return std::nullopt;
  Error error = found->second;
  all.kept.erase(found);
  return error;
}

TF_Code status_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::INVALID_ARGUMENT:
    case ErrorCode::SHAPE_MISMATCH:
    case ErrorCode::DTYPE_MISMATCH:
    case ErrorCode::BUFFER_TOO_SHORT:
    case ErrorCode::SIZE_OVERFLOW:
    case ErrorCode::ALIASED_OUTPUT:
      return TF_INVALID_ARGUMENT;
    case ErrorCode::UNSUPPORTED:
    case ErrorCode::UNSUPPORTED_GRADIENT:
      return TF_UNIMPLEMENTED;
    case ErrorCode::OUT_OF_MEMORY:
      return TF_RESOURCE_EXHAUSTED;
    default:
      return TF_INTERNAL;
  }
}

}  // namespace fa::tensorflow
