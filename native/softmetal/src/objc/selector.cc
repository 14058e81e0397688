// Selectors: one pointer per name. Read without a lock, since hosts ask for every message.
#include <cstring>
#include <functional>
#include <mutex>
#include <string_view>

#include "objc/class.h"

namespace softmetal {
namespace {

struct Node {
  Node* next;
  std::string name;
};
constexpr size_t kBuckets = 4096;
std::atomic<Node*> buckets[kBuckets];
std::mutex writers;

std::atomic<Node*>& bucket_of(std::string_view name) {
  return buckets[std::hash<std::string_view>()(name) % kBuckets];
}

const Node* find(const std::atomic<Node*>& bucket, std::string_view name) {
  const Node* node = bucket.load(std::memory_order_acquire);
  while (node && node->name != name) node = node->next;
  return node;
}

Selector as_selector(const Node* node) { return reinterpret_cast<Selector>(node->name.c_str()); }

}  // namespace

Selector selector_named(const char* name) {
  std::atomic<Node*>& bucket = bucket_of(name);
  if (const Node* node = find(bucket, name)) return as_selector(node);
  std::lock_guard guard(writers);
  if (const Node* node = find(bucket, name)) return as_selector(node);
  Node* node = new Node{bucket.load(std::memory_order_relaxed), name};
  bucket.store(node, std::memory_order_release);
  return as_selector(node);
}

bool is_selector(Selector selector) {
  if (!selector) return false;
  const Node* node = find(bucket_of(text_of(selector)), text_of(selector));
  return node && as_selector(node) == selector;
}

}  // namespace softmetal
