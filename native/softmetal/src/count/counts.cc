#include "count/counts.h"

#include "report/json.h"

namespace softmetal {
namespace {

template <class Owner>
struct Field {
  const char* name;
  uint64_t Owner::* member;
};

#define FIELD(name) {#name, &Counts::name}
constexpr Field<Counts> kFields[] = {
    FIELD(threadgroups),
    FIELD(threads),
    FIELD(simdgroups),
    FIELD(matrix_f32),
    FIELD(matrix_f16),
    FIELD(matrix_bf16),
    FIELD(multiply_adds),
    FIELD(additions),
    FIELD(multiplications),
    FIELD(divisions),
    FIELD(exp2),
    FIELD(other_math),
    FIELD(comparisons),
    FIELD(integer),
    FIELD(conversions),
    FIELD(shuffles),
    FIELD(reductions),
    FIELD(prefixes),
    FIELD(votes),
    FIELD(simdgroup_barriers),
    FIELD(threadgroup_barriers),
    FIELD(atomics),
    FIELD(threadgroup_bytes_read),
    FIELD(threadgroup_bytes_written),
    FIELD(device_bytes_read),
    FIELD(device_bytes_written),
    FIELD(device_accesses),
    FIELD(device_bytes_read_unique),
    FIELD(device_bytes_written_unique),
    FIELD(threadgroup_requests),
    FIELD(bank_cycles_16),
    FIELD(bank_cycles_32),
};
#undef FIELD
#define FIELD(name) {#name, &Counts::Traffic::name}
constexpr Field<Counts::Traffic> kTrafficFields[] = {FIELD(read), FIELD(written), FIELD(unique_read),
                                                     FIELD(unique_written), FIELD(accesses)};
#undef FIELD
static_assert(sizeof(Counts) == sizeof kFields / sizeof *kFields * sizeof(uint64_t) + sizeof(Counts::buffers),
              "every count has its field here");

std::string object(const std::string& members) { return "{" + members + "}"; }

void append(std::string& members, const std::string& member) {
  if (!members.empty()) members += ", ";
  members += member;
}

std::string traffic_json(const Counts::Traffic& traffic) {
  std::string members = json_member("name", json_string(traffic.name));
  for (const auto& field : kTrafficFields)
    append(members, json_member(field.name, std::to_string(traffic.*field.member)));
  return object(members);
}

}  // namespace

Counts& operator+=(Counts& sum, const Counts& part) {
  for (const auto& field : kFields) sum.*field.member += part.*field.member;
  for (const auto& [index, traffic] : part.buffers) {
    Counts::Traffic& total = sum.buffers[index];
    if (total.name.empty()) total.name = traffic.name;
    for (const auto& field : kTrafficFields) total.*field.member += traffic.*field.member;
  }
  return sum;
}

std::string to_json(const Counts& counts) {
  std::string members, buffers;
  for (const auto& field : kFields)
    append(members, json_member(field.name, std::to_string(counts.*field.member)));
  for (const auto& [index, traffic] : counts.buffers)
    append(buffers, json_member(std::to_string(index), traffic_json(traffic)));
  append(members, json_member("buffers", object(buffers)));
  return object(members);
}

}  // namespace softmetal
