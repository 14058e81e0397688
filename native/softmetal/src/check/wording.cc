// AccessFindings in words: what happened, where, and what the reader can mend.
#include "check/finding.h"

namespace softmetal {
namespace {

const Location& location_of(const LoadedKernel& kernel, uint32_t site) {
  static const Location unknown;
  return site < kernel.sites.size() ? kernel.sites[site].location : unknown;
}

const char* verb(sm_access_kind access) {
  constexpr const char* kVerbs[] = {
      "reads", "writes", "atomically changes", "atomically reads", "atomically writes", ""};
  return kVerbs[access];
}

const char* noun(sm_access_kind access) {
  constexpr const char* kNouns[] = {"read", "write", "atomic operation", "atomic read", "atomic write", ""};
  return kNouns[access];
}

std::string bytes(uint64_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

std::string at(const Location& location) {
  if (location.line == 0) return "at an unknown place";
  return "at " + location.file + ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
}

std::string triple(const uint32_t (&p)[3]) {
  return "(" + std::to_string(p[0]) + ", " + std::to_string(p[1]) + ", " + std::to_string(p[2]) + ")";
}

void split(uint32_t index, const uint32_t (&size)[3], uint32_t (&position)[3]) {
  position[0] = index % size[0];
  position[1] = index / size[0] % size[1];
  position[2] = index / size[0] / size[1];
}

std::string group_name(uint32_t group, const DispatchRecord& record) {
  uint32_t position[3];
  split(group, record.groups, position);
  return "threadgroup " + triple(position);
}

ThreadPosition position_of(const AccessParty& party, const Dispatch& dispatch, const DispatchRecord& record) {
  ThreadPosition thread;
  split(party.group, record.groups, thread.threadgroup);
  uint32_t size[3];
  for (int axis = 0; axis < 3; ++axis) {  // threadgroups at the edge of the grid are smaller
    uint32_t whole = dispatch.threads_per_threadgroup[axis];
    size[axis] = std::min(whole, dispatch.threads_per_grid[axis] - thread.threadgroup[axis] * whole);
  }
  split(party.thread, size, thread.thread);
  thread.index = party.thread;
  thread.simdgroup = party.thread / SM_LANES;
  thread.lane = party.thread % SM_LANES;
  return thread;
}

// "buffer(1) 'out'"
std::string name_of(const FoundPlace& place) {
  std::string quoted = *place.name ? " '" + std::string(place.name) + "'" : "";
  if (place.space == Space::kProgram) return "the program's constants";
  const char* table = place.space == Space::kThreadgroup ? "threadgroup" : "buffer";
  if (place.index >= 0) return table + ("(" + std::to_string(place.index) + ")") + quoted;
  return place.space == Space::kThreadgroup ? "threadgroup variable" + quoted : "a resident buffer";
}

ArgumentPlace argument_of(const FoundPlace& place) {
  ArgumentPlace argument;
  argument.name = place.name;
  argument.table = place.space == Space::kProgram                          ? "constants"
                   : place.space == Space::kThreadgroup && place.index < 0 ? "variable"
                   : place.space == Space::kThreadgroup                    ? "threadgroup"
                                                                           : "buffer";
  argument.index = place.index;
  argument.offset = place.offset;
  argument.length = place.length;
  return argument;
}

std::string byte_range(int64_t offset, uint64_t size) {
  if (size == 1) return "byte " + std::to_string(offset);
  return "bytes " + std::to_string(offset) + " to " + std::to_string(offset + static_cast<int64_t>(size) - 1);
}

std::string out_of_bounds(const AccessFinding& finding) {
  const FoundPlace& place = finding.place;
  std::string what = "out-of-bounds " + std::string(noun(finding.here.access)) + " of " + bytes(finding.size);
  if (place.address < kNullPage) {
    return what + ": the pointer is null, or almost (address " + std::to_string(place.address) + ")";
  }
  if (!place.known) return what + ": the kernel has no argument there";
  what += ": " + name_of(place) + " has " + bytes(place.length) + ", and this ";
  int64_t length = static_cast<int64_t>(place.length);
  if (place.offset < 0) return what + "begins " + bytes(-place.offset) + " before it";
  if (place.offset < length) return what + "is " + byte_range(place.offset, finding.size);
  if (place.offset == length) return what + "begins right behind it";
  return what + "begins " + bytes(place.offset - length) + " behind its end";
}

std::string misaligned(const AccessFinding& finding) {
  uint64_t past = finding.place.address % finding.alignment;
  return "misaligned " + std::string(noun(finding.here.access)) + " of " + bytes(finding.size) +
         ": the type needs a multiple of " + std::to_string(finding.alignment) + ", and the address is " +
         bytes(past) + " past one";
}

std::string write_to_constant(const AccessFinding& finding) {
  std::string what = std::string(noun(finding.here.access)) + " to " + name_of(finding.place);
  switch (finding.place.protection) {
    case Protection::kSetBytes:
      return what + ", which setBytes gave: the copy is read-only";
    case Protection::kConstDevice:
      return what + ", which the kernel declares as const";
    case Protection::kProgram:
      return what + ", which are read-only";
    default:
      return what + ", which is in the constant address space";
  }
}

std::string uninitialized(const AccessFinding& finding) {
  return "read of threadgroup memory that no thread of the threadgroup has written: " +
         byte_range(finding.place.offset, finding.size) + " of " + name_of(finding.place);
}

// What would have ordered two threads of one threadgroup.
std::string missing_barrier(const AccessFinding& finding) {
  std::string flag =
      finding.place.space == Space::kThreadgroup ? "mem_flags::mem_threadgroup" : "mem_flags::mem_device";
  if (finding.barrier_lacks_flags) {
    return "the threadgroup_barrier between them does not have " + flag;
  }
  bool together = finding.here.thread / SM_LANES == finding.other.thread / SM_LANES;
  std::string text = "no threadgroup_barrier(" + flag + ")";
  if (together) text += " or simdgroup_barrier(" + flag + ")";
  return text + " lies between";
}

std::string group_race(const AccessFinding& finding, const Location& other) {
  std::string memory = finding.place.space == Space::kThreadgroup ? "threadgroup memory" : "device memory";
  return "race on " + memory + ": thread " + std::to_string(finding.here.thread) + " " +
         verb(finding.here.access) + " what thread " + std::to_string(finding.other.thread) + " " +
         verb(finding.other.access) + " " + at(other) + "; " + missing_barrier(finding);
}

std::string grid_race(const AccessFinding& finding, const DispatchRecord& record, const Location& other) {
  const DispatchRecord& others = finding.other_dispatch ? *finding.other_dispatch : record;
  std::string text = "race on device memory: " + group_name(finding.here.group, record) + " " +
                     verb(finding.here.access) + " what " + group_name(finding.other.group, others);
  if (finding.other_dispatch) text += " of another dispatch (kernel " + others.kernel->name + ")";
  text += std::string(" ") + verb(finding.other.access) + " " + at(other) + "; ";
  if (finding.other_dispatch) return text + "no barrier of the encoder orders the two dispatches";
  return text + "nothing orders the threadgroups of a dispatch";
}

void add_race(Report& report, const AccessFinding& finding, const DispatchRecord& record) {
  const DispatchRecord& others = finding.other_dispatch ? *finding.other_dispatch : record;
  const Location& other = location_of(*others.kernel, finding.other.site);
  bool grid = finding.kind == ReportKind::kGridRace;
  report.message = grid ? grid_race(finding, record, other) : group_race(finding, other);
  std::string who = "thread " + std::to_string(finding.other.thread);
  if (grid) who += " of " + group_name(finding.other.group, others);
  report.notes.push_back({who + " " + verb(finding.other.access) + " it here", other});
}

}  // namespace

Report describe(const AccessFinding& finding, const Dispatch& dispatch, const DispatchRecord& record) {
  Report report;
  report.kind = finding.kind;
  report.kernel = dispatch.kernel->name;
  report.location = location_of(*dispatch.kernel, finding.here.site);
  report.thread = position_of(finding.here, dispatch, record);
  if (finding.place.known) report.argument = argument_of(finding.place);
  report.occurrences = finding.occurrences;
  switch (finding.kind) {
    case ReportKind::kOutOfBounds:
      report.message = out_of_bounds(finding);
      break;
    case ReportKind::kMisaligned:
      report.message = misaligned(finding);
      break;
    case ReportKind::kWriteToConstant:
      report.message = write_to_constant(finding);
      break;
    case ReportKind::kUninitialized:
      report.message = uninitialized(finding);
      break;
    case ReportKind::kIntegerDivision:
      report.message = "integer division by zero: the result is undefined";
      break;
    default:
      add_race(report, finding, record);
      break;
  }
  return report;
}

}  // namespace softmetal
