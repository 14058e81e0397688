// Attributes of a node, alike for a node of a graph that is being partitioned and for a kernel that is being
// made.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "host.h"

namespace fa::ort {

/// Each reader gives nothing for an attribute that the node does not have.
/// @throws Error INVALID_ARGUMENT for one of another type
class Attributes {
 public:
  virtual ~Attributes() = default;
  virtual std::optional<int64_t> integer(const char* name) const = 0;
  virtual std::optional<double> real(const char* name) const = 0;
  virtual std::optional<std::string> text(const char* name) const = 0;
};

class NodeAttributes final : public Attributes {
 public:
  NodeAttributes(const OrtApi* api, const OrtNode* node) : api_(api), node_(node) {}
  std::optional<int64_t> integer(const char* name) const override;
  std::optional<double> real(const char* name) const override;
  std::optional<std::string> text(const char* name) const override;

 private:
  const OrtOpAttr* find(const char* name) const;

  const OrtApi* api_;
  const OrtNode* node_;
};

class KernelAttributes final : public Attributes {
 public:
  KernelAttributes(const OrtApi* api, const OrtKernelInfo* info) : api_(api), info_(info) {}
  std::optional<int64_t> integer(const char* name) const override;
  std::optional<double> real(const char* name) const override;
  std::optional<std::string> text(const char* name) const override;

 private:
  const OrtApi* api_;
  const OrtKernelInfo* info_;
};

}  // namespace fa::ort
