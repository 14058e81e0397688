#include "capability.h"

#include "custom_ops.h"
#include "group_query_attention.h"
#include "multi_head_attention.h"
#include "node_check.h"

namespace fa::ort {
namespace {

thread_local CapabilityReport* current_report = nullptr;

std::string text(const char* value) { return value == nullptr ? std::string() : std::string(value); }

NodeDecision describe_node(const Host& host, const OrtNode* node) {
  const char *name = nullptr, *domain = nullptr, *op = nullptr;
  check(host.api->Node_GetName(node, &name));
  check(host.api->Node_GetDomain(node, &domain));
  check(host.api->Node_GetOperatorType(node, &op));
  NodeDecision decision;
  decision.name = text(name);
  decision.domain = text(domain) == "ai.onnx" ? std::string() : text(domain);
  decision.op = text(op);

  size_t count = 0;
  check(host.api->Node_GetNumOutputs(node, &count));
  std::vector<const OrtValueInfo*> outputs(count);
  check(host.api->Node_GetOutputs(node, outputs.data(), count));
  for (const OrtValueInfo* output : outputs) {
    if (output == nullptr || !decision.output.empty()) continue;
    const char* output_name = nullptr;
    check(host.api->GetValueInfoName(output, &output_name));
    decision.output = text(output_name);
  }
  return decision;
}

void decide_custom(const Host& host, const OrtNode* node, NodeDecision& decision) {
  try {
    check_custom_attributes(host.api, node);
    decision.claimed = true;
    decision.reason = "a custom op of ours";
  } catch (const Error& error) {
    decision.reason = error.what();
    if (CapabilityReport* report = CapabilityScope::current()) report->refusal = error;
  }
}

/// Operators of others that may run here, and what says whether a node of them does.
struct TakenOp {
  const char* domain;
  const char* op;
  std::string (*why_not)(const Host& host, const OrtNode* node);
  const char* versions;
};

constexpr TakenOp kTaken[] = {
    {"", "Attention", why_not_attention, "Attention of opsets 23 to 25 in float32, float16, bfloat16"},
    {kMicrosoftDomain, "MultiHeadAttention", why_not_multi_head_attention, "float32, float16, bfloat16"},
    {kMicrosoftDomain, "GroupQueryAttention", why_not_group_query_attention, "float32, float16, bfloat16"},
};

const TakenOp* find_taken(const NodeDecision& decision) {
  for (const TakenOp& taken : kTaken) {
    if (decision.domain == taken.domain && decision.op == taken.op) return &taken;
  }
  return nullptr;
}

void decide(const Host& host, OrtEpGraphSupportInfo* support, const OrtNode* node, NodeDecision& decision) {
  if (decision.domain == kCustomDomain) {
    decide_custom(host, node, decision);
    return;
  }
  const TakenOp* taken = find_taken(decision);
  if (taken == nullptr) {
    decision.reason =
        (decision.domain.empty() ? "" : decision.domain + ".") + decision.op + " is not taken here";
    return;
  }
  const OrtKernelDef* kernel = nullptr;
  check(host.ep->EpGraphSupportInfo_LookUpKernel(support, node, &kernel));
  const std::string obstacle =
      kernel == nullptr
          ? std::string("no kernel for this version and these dtypes (taken: ") + taken->versions + ")"
          : taken->why_not(host, node);
  decision.claimed = obstacle.empty();
  decision.reason = obstacle.empty() ? "covered" : obstacle;
}

/// Tells a graph from its subgraphs and from other graphs of the model.
std::string graph_key(const Host& host, const OrtGraph* graph) {
  const char* name = nullptr;
  check(host.api->Graph_GetName(graph, &name));
  const OrtNode* parent = nullptr;
  check(host.api->Graph_GetParentNode(graph, &parent));
  return (parent == nullptr ? std::string() : describe_node(host, parent).output) + "/" + text(name);
}

}  // namespace

void CapabilityReport::replace(const std::string& graph, std::vector<NodeDecision> decisions) {
  graphs_[graph] = std::move(decisions);
}

std::vector<NodeDecision> CapabilityReport::all() const {
  std::vector<NodeDecision> all;
  for (const auto& [graph, decisions] : graphs_) all.insert(all.end(), decisions.begin(), decisions.end());
  return all;
}

CapabilityScope::CapabilityScope(CapabilityReport& report) : previous_(current_report) {
  current_report = &report;
}
CapabilityScope::~CapabilityScope() { current_report = previous_; }
CapabilityReport* CapabilityScope::current() { return current_report; }

void claim_nodes(const Host& host, const OrtGraph* graph, OrtEpGraphSupportInfo* support) {
  size_t count = 0;
  check(host.api->Graph_GetNumNodes(graph, &count));
  std::vector<const OrtNode*> nodes(count);
  check(host.api->Graph_GetNodes(graph, nodes.data(), count));

  std::vector<NodeDecision> decisions;
  decisions.reserve(count);
  for (const OrtNode* node : nodes) {
    NodeDecision decision = describe_node(host, node);
    decide(host, support, node, decision);
    if (decision.claimed) check(host.ep->EpGraphSupportInfo_AddSingleNode(support, node));
    decisions.push_back(std::move(decision));
  }
  if (CapabilityReport* report = CapabilityScope::current()) {
    report->replace(graph_key(host, graph), std::move(decisions));
  }
}

}  // namespace fa::ort
