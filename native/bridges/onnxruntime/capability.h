// Which nodes of a graph this provider runs, and for each of the others why not.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host.h"

namespace fa::ort {

struct NodeDecision {
  std::string name;    ///< of the node; may be empty
  std::string domain;  ///< "" for ONNX's own
  std::string op;
  std::string output;  ///< name of its first output, which is unique in a graph
  bool claimed = false;
  std::string reason;  ///< why it is claimed, or why not
};

/// Decisions of one session: the newest for each graph and subgraph.
class CapabilityReport {
 public:
  /// A host may ask about a graph again after it has changed it: what stood there is replaced.
  void replace(const std::string& graph, std::vector<NodeDecision> decisions);
  std::vector<NodeDecision> all() const;

  /// A node of ours that is wrong in itself. The host only notices that nobody takes it; this says why.
  std::optional<Error> refusal;

 private:
  std::map<std::string, std::vector<NodeDecision>> graphs_;
};

/// While it lives, sessions that this thread creates report into `report`.
class CapabilityScope {
 public:
  explicit CapabilityScope(CapabilityReport& report);
  ~CapabilityScope();
  CapabilityScope(const CapabilityScope&) = delete;
  CapabilityScope& operator=(const CapabilityScope&) = delete;

  /// The report of this thread, or null.
  static CapabilityReport* current();

 private:
  CapabilityReport* previous_;
};

/// Decides about every node of the graph and tells ONNX Runtime which are ours.
/// @throws Error where no device can be opened at all
void claim_nodes(const Host& host, const OrtGraph* graph, OrtEpGraphSupportInfo* support);

}  // namespace fa::ort
