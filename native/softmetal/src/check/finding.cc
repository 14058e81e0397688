#include "check/finding.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace softmetal {
namespace {

// More kinds of finding than this in one worker are only counted.
constexpr size_t kMostKept = 2000;

auto sort_key(const Location& location) { return std::tie(location.file, location.line, location.column); }

std::vector<uint32_t> ranks(const std::vector<Site>& sites) {
  std::vector<uint32_t> rank(sites.size()), sorted(sites.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  auto key = [&](uint32_t site) { return sort_key(sites[site].location); };
  std::sort(sorted.begin(), sorted.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  uint32_t next = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && key(sorted[i]) != key(sorted[i - 1])) ++next;
    rank[sorted[i]] = next;
  }
  return rank;
}

auto example_key(const AccessFinding& finding) {
  return std::make_tuple(finding.here.group, finding.place.offset, finding.here.thread, finding.other.group,
                         finding.other.thread, finding.here.access, finding.other.access);
}

}  // namespace

uint32_t PlaceOrder::operator()(uint32_t site) const {
  std::call_once(once_, [&] { rank_ = ranks(sites_); });
  return rank_[site];
}

bool AccessFindings::better(const AccessFinding& a, const AccessFinding& b) {
  return example_key(a) < example_key(b);
}

void AccessFindings::add(AccessFinding finding) {
  uint32_t place = order_(finding.here.site);
  uint32_t other = !finding.has_other       ? 0
                   : finding.other_dispatch ? finding.other.site
                                            : order_(finding.other.site);
  if (finding.has_other && !finding.other_dispatch) {
    // A race has no first and second; its report stands at the place that comes later in the text.
    auto side = [](uint32_t place, const AccessParty& party) {
      return std::make_tuple(place, party.group, party.thread, party.access);
    };
    if (side(place, finding.here) < side(other, finding.other)) {
      std::swap(finding.here, finding.other);
      std::swap(place, other);
    }
  }
  uint32_t other_dispatch = finding.other_dispatch ? finding.other_dispatch->first : 0;
  Key key{static_cast<int>(finding.kind), place, other, other_dispatch};
  auto known = findings_.find(key);
  if (known == findings_.end()) {
    if (findings_.size() < kMostKept) {
      findings_.emplace(key, std::move(finding));
    } else {
      dropped_ += finding.occurrences;
    }
    return;
  }
  finding.occurrences += known->second.occurrences;
  if (better(finding, known->second)) {
    known->second = std::move(finding);
  } else {
    known->second.occurrences = finding.occurrences;
  }
}

void AccessFindings::merge(AccessFindings&& others) {
  for (auto& [key, finding] : others.findings_) add(std::move(finding));
  dropped_ += others.dropped_;
  others.findings_.clear();
  others.dropped_ = 0;
}

void place_by_origin(FoundPlace& place, const SiteOrigin& origin) {
  if (origin.known != SiteOrigin::kOne || place.address < kNullPage) return;
  const ArgumentRange& range = origin.range;
  bool threadgroup = range.space == Space::kThreadgroup;
  uint64_t begin = threadgroup ? place.group_base + range.group_offset : range.begin;
  place.space = range.space;
  place.protection = range.protection;
  place.index = range.index;
  place.name = range.name;
  place.known = true;
  place.offset = static_cast<int64_t>(place.address - begin);
  place.length = range.length;
}

void AccessFindings::place_out_of_bounds(const std::vector<SiteOrigin>& origins) {
  for (auto& [key, finding] : findings_) {
    if (finding.kind != ReportKind::kOutOfBounds) continue;
    place_by_origin(finding.place, origins[finding.here.site]);
  }
}

std::vector<AccessFinding> AccessFindings::take(size_t most, uint64_t& dropped) {
  std::vector<std::pair<Key, AccessFinding>> all(findings_.begin(), findings_.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first.place < b.first.place; });
  std::vector<AccessFinding> kept;
  dropped = dropped_;
  for (auto& [key, finding] : all) {
    if (kept.size() < most) {
      kept.push_back(std::move(finding));
    } else {
      ++dropped;
    }
  }
  findings_.clear();
  dropped_ = 0;
  return kept;
}

}  // namespace softmetal
