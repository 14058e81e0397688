#include "check/worker_check.h"

#include <cstring>

#include "engine/memory.h"

namespace softmetal {
namespace {

constexpr uint32_t kScratchAlignment = 128;

uint64_t number(const char* address) { return reinterpret_cast<uint64_t>(address); }

bool writes(sm_access_kind kind) { return kind != SM_READ && kind != SM_ATOMIC_READ; }
bool needs_value(sm_access_kind kind) { return kind != SM_WRITE && kind != SM_ATOMIC_WRITE; }

// Calls `visit(page number, offset in the page, size)` for the parts of an access, one per page.
template <class Visit>
inline void for_each_page(uint64_t address, uint32_t size, Visit visit) {
  while (true) {
    uint32_t offset = address & (kPageBytes - 1);
    uint32_t part = std::min(size, kPageBytes - offset);
    visit(address >> kPageShift, offset, part);
    if (part == size) return;
    address += part;
    size -= part;
  }
}

}  // namespace

WorkerCheck::WorkerCheck(const Dispatch& dispatch, std::shared_ptr<const DispatchRecord> record,
                         const PlaceOrder& order, std::unique_ptr<WorkerMemory> memory)
    : dispatch_(dispatch),
      ranges_(dispatch),
      view_(DeviceHistory::shared(), std::move(record)),
      findings_(order),
      memory_(std::move(memory)) {
  origins_.resize(dispatch.kernel->sites.size());
  for (const Site& site : dispatch.kernel->sites) {
    sites_.push_back({site.alignment > 0 ? site.alignment - 1 : 0, ArgumentRanges::kNone});
  }
}

void WorkerCheck::begin_group(const sm_group& group, uint32_t, const GroupMemory& memory) {
  const uint32_t (&position)[3] = group.threadgroup_position;
  const uint32_t (&groups)[3] = view_.record().groups;
  group_ = position[0] + groups[0] * (position[1] + groups[1] * position[2]);
  view_.begin_group(group_);
  group_base_ = number(memory.base);
  memory_->threadgroup.begin_group();
  memory_->device.begin_group();
  if (ranges_.place(memory)) {
    for (SiteState& site : sites_) site.range = ArgumentRanges::kNone;
  }
}

void WorkerCheck::simdgroup_barrier(uint32_t simdgroup, uint32_t flags) {
  memory_->threadgroup.clock.simdgroup_barrier(simdgroup, flags & SM_MEM_THREADGROUP);
  memory_->device.clock.simdgroup_barrier(simdgroup, flags & SM_MEM_DEVICE);
}

void WorkerCheck::threadgroup_barrier(uint32_t flags) {
  memory_->threadgroup.clock.threadgroup_barrier(flags & SM_MEM_THREADGROUP);
  memory_->device.clock.threadgroup_barrier(flags & SM_MEM_DEVICE);
}

void* WorkerCheck::access(const Access& access) {
  if (access.size == 0) {
    if (access.kind == SM_ZERO_DIVISOR) zero_divisor(access);
    return access.address;
  }
  uint64_t address = number(access.address);
  SiteState& site = sites_[access.site];
  bool same = site.range != ArgumentRanges::kNone && ranges_[site.range].holds(address, access.size);
  if (!same || (writes(access.kind) && ranges_[site.range].protection != Protection::kNone)) [[unlikely]] {
    int found = ranges_.find(address, access.size, writes(access.kind));
    if (found == ArgumentRanges::kNone) return out_of_bounds(access);
    site.range = found;
    origins_[access.site].add(ranges_[found]);
  }
  const ArgumentRange& range = ranges_[site.range];
  if (range.protection != Protection::kNone && writes(access.kind)) [[unlikely]] {
    findings_.add(finding(ReportKind::kWriteToConstant, access, range, address));
    return illegal(access);
  }
  if (address & site.alignment_mask) [[unlikely]] {
    return misaligned(access, range);
  }
  if (range.space == Space::kThreadgroup) {
    check_threadgroup(access, range);
  } else if (!range.quiet) {
    check_device(access, range);
  }
  return access.address;
}

void WorkerCheck::check_threadgroup(const Access& access, const ArgumentRange& range) {
  GroupHistory& history = memory_->threadgroup;
  bool blank = false;
  for_each_page(number(access.address), access.size, [&](uint64_t page, uint32_t offset, uint32_t size) {
    auto found = [&](Slot past, sm_access_kind kind, uint32_t at) {
      AccessParty other{site_of(past), group_, thread_of(past), kind};
      race(ReportKind::kThreadgroupRace, access, range, (page << kPageShift) + at, other, &history.clock,
           past);
    };
    // Unwritten bytes are looked at before this access counts as a write.
    if (is_atomic(access.kind) && needs_value(access.kind)) unwritten(access, range);
    blank |= history.enter(page, offset, size, access.kind, access.thread, access.site, found).blank;
  });
  if (blank && access.kind == SM_READ) unwritten(access, range);
}

void WorkerCheck::check_device(const Access& access, const ArgumentRange& range) {
  GroupHistory& history = memory_->device;
  for_each_page(number(access.address), access.size, [&](uint64_t page, uint32_t offset, uint32_t size) {
    auto found = [&](Slot past, sm_access_kind kind, uint32_t at) {
      AccessParty other{site_of(past), group_, thread_of(past), kind};
      race(ReportKind::kDeviceRace, access, range, (page << kPageShift) + at, other, &history.clock, past);
    };
    bool fresh = history.enter(page, offset, size, access.kind, access.thread, access.site, found).fresh;
    // Other threadgroups met this one's earlier access of the same kind, or were met by it.
    if (!fresh) return;
    auto found_in_grid = [&](Slot past, sm_access_kind kind, uint32_t at) {
      grid_race(access, range, (page << kPageShift) + at, past, kind);
    };
    view_.enter(page, offset, size, access.kind, access.thread, access.site, found_in_grid);
  });
}

// Names the first run of unwritten bytes. In the copy of a whole object, a run that is shorter than the
// object's alignment and does not begin it may be padding.
void WorkerCheck::unwritten(const Access& access, const ArgumentRange& range) {
  uint64_t begin = number(access.address), end = begin + access.size;
  const Site& site = dispatch_.kernel->sites[access.site];
  for (uint64_t at = begin; at < end;) {
    if (memory_->threadgroup.written(at)) {
      ++at;
      continue;
    }
    uint64_t stop = at + 1;
    while (stop < end && !memory_->threadgroup.written(stop)) ++stop;
    if (!site.copy || at == begin || stop - at >= site.alignment) {
      AccessFinding found = finding(ReportKind::kUninitialized, access, range, at);
      found.size = static_cast<uint32_t>(stop - at);
      findings_.add(std::move(found));
      return;
    }
    at = stop;
  }
}

void WorkerCheck::race(ReportKind kind, const Access& access, const ArgumentRange& range, uint64_t at,
                       const AccessParty& other, const GroupClock* clock, Slot past) {
  AccessFinding found = finding(kind, access, range, at);
  found.other = other;
  found.has_other = true;
  found.barrier_lacks_flags = clock && clock->met_since(past);
  findings_.add(std::move(found));
}

void WorkerCheck::grid_race(const Access& access, const ArgumentRange& range, uint64_t at, Slot past,
                            sm_access_kind kind) {
  std::shared_ptr<const DispatchRecord> record = view_.record_of(past);
  if (!record) return;
  AccessFinding found = finding(ReportKind::kGridRace, access, range, at);
  found.other = {site_of(past), time_of(past) - record->first, thread_of(past), kind};
  found.has_other = true;
  if (record->first != view_.record().first) found.other_dispatch = record;
  findings_.add(std::move(found));
}

AccessFinding WorkerCheck::finding(ReportKind kind, const Access& access, const ArgumentRange& range,
                                   uint64_t at) const {
  AccessFinding found;
  found.kind = kind;
  found.here = {access.site, group_, access.thread, access.kind};
  found.size = access.size;
  found.alignment = sites_[access.site].alignment_mask + 1;
  found.place = {range.space,  range.protection,
                 range.index,  range.name,
                 true,         static_cast<int64_t>(at - range.begin),
                 range.length, at,
                 group_base_};
  return found;
}

void* WorkerCheck::out_of_bounds(const Access& access) {
  uint64_t address = number(access.address);
  int nearest = ranges_.nearest(address, access.size);
  static const ArgumentRange nothing;
  AccessFinding found = finding(ReportKind::kOutOfBounds, access,
                                nearest == ArgumentRanges::kNone ? nothing : ranges_[nearest], address);
  found.place.known = nearest != ArgumentRanges::kNone && address >= kNullPage;
  findings_.add(std::move(found));
  return illegal(access);
}

void WorkerCheck::zero_divisor(const Access& access) {
  AccessFinding found = finding(ReportKind::kIntegerDivision, access, ArgumentRange(), 0);
  found.place.known = false;
  findings_.add(std::move(found));
}

// The kernel goes on with the right bytes where it reads, as most processors would let it; what it writes is
// lost, since code for vectors may trap on such an address.
void* WorkerCheck::misaligned(const Access& access, const ArgumentRange& range) {
  findings_.add(finding(ReportKind::kMisaligned, access, range, number(access.address)));
  void* copy = scratch(access.size);
  std::memcpy(copy, access.address, access.size);
  return copy;
}

void* WorkerCheck::illegal(const Access& access) {
  return std::memset(scratch(access.size), kPoison, access.size);
}

void* WorkerCheck::scratch(uint32_t size) {
  std::vector<char>& memory = memory_->scratch;
  if (memory.size() < size + kScratchAlignment) memory.resize(size + kScratchAlignment);
  uint64_t begin = number(memory.data());
  return memory.data() + (-begin & (kScratchAlignment - 1));
}

}  // namespace softmetal
