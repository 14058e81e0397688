// What the checks found, before it becomes a text: plain numbers, so that a kernel that errs a million times
// costs little.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "check/device_history.h"
#include "check/ranges.h"
#include "report/report.h"

namespace softmetal {

// One of the one or two accesses that a finding is about.
struct AccessParty {
  uint32_t site = 0;
  uint32_t group = 0;  // within its dispatch, x first
  uint32_t thread = 0;
  sm_access_kind access = SM_READ;
};

// Below this, an address is a null pointer with an index.
constexpr uint64_t kNullPage = 4096;

// Where in which argument; numbers only, names come with the text.
struct FoundPlace {
  Space space = Space::kDevice;
  Protection protection = Protection::kNone;
  int index = -1;
  const char* name = "";
  bool known = false;  // false: near no argument at all
  int64_t offset = 0;
  uint64_t length = 0;
  uint64_t address = 0;
  uint64_t group_base = 0;  // of the threadgroup's memory in that worker
};

// Which argument the pointers of one site were made from, as far as its legal accesses tell.
struct SiteOrigin {
  enum { kNone, kOne, kSeveral } known = kNone;
  ArgumentRange range;

  void add(const ArgumentRange& next) {
    if (known == kNone) range = next;
    bool same =
        range.space == next.space && range.index == next.index && range.group_offset == next.group_offset;
    bool moved = next.space == Space::kDevice && range.begin != next.begin;
    known = known != kSeveral && same && !moved ? kOne : kSeveral;
  }
  void merge(const SiteOrigin& other) {
    if (other.known == kNone) return;
    if (other.known == kSeveral) known = kSeveral;
    add(other.range);
  }
};

// Places an access that hit nothing in the argument that its site works on otherwise.
void place_by_origin(FoundPlace& place, const SiteOrigin& origin);

struct AccessFinding {
  ReportKind kind;
  AccessParty here, other;
  bool has_other = false;
  bool barrier_lacks_flags = false;
  std::shared_ptr<const DispatchRecord> other_dispatch;  // null: the same one
  FoundPlace place;
  uint32_t size = 0;       // of the access; for unwritten memory: of the bytes nobody wrote
  uint32_t alignment = 0;  // that the access demands
  uint64_t occurrences = 1;
};

// Places in a kernel's text: sites that stand at the same line and column are one place; places are numbered
// in the order of the text. Worked out when first asked: most dispatches have no findings.
class PlaceOrder {
 public:
  explicit PlaceOrder(const std::vector<Site>& sites) : sites_(sites) {}
  uint32_t operator()(uint32_t site) const;

 private:
  const std::vector<Site>& sites_;
  mutable std::once_flag once_;
  mutable std::vector<uint32_t> rank_;
};

// AccessFindings of one worker, or of one dispatch: the same kind at the same place or places once. Which
// occurrence serves as the example does not depend on the order in which they came.
class AccessFindings {
 public:
  explicit AccessFindings(const PlaceOrder& order) : order_(order) {}

  void add(AccessFinding finding);
  void merge(AccessFindings&& others);
  // `origins`: of each site, by all workers.
  void place_out_of_bounds(const std::vector<SiteOrigin>& origins);
  // In the order of the text; empties this. What exceeded `most` kinds of finding is counted in `dropped`.
  std::vector<AccessFinding> take(size_t most, uint64_t& dropped);

 private:
  struct Key {
    int kind;
    uint32_t place, other_place;
    uint32_t other_dispatch;  // its first threadgroup's number; 0: the same dispatch
    auto operator<=>(const Key&) const = default;
  };
  static bool better(const AccessFinding& a, const AccessFinding& b);

  const PlaceOrder& order_;
  std::map<Key, AccessFinding> findings_;
  uint64_t dropped_ = 0;
};

// The text of a finding. `record` is of the dispatch in which it was found.
Report describe(const AccessFinding& finding, const Dispatch& dispatch, const DispatchRecord& record);

}  // namespace softmetal
