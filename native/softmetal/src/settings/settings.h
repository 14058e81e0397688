// Everything that can be set, from the environment (SOFTMETAL_<NAME>) or by softmetal_set().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace softmetal {

enum class Schedule { kInOrder, kReverse, kRandom, kLockstep };

// What each one means, its values and its default: the table in settings.cc.
struct Settings {
  int workers;
  uint64_t seed;
  Schedule schedule;
  bool validate;
  bool stats;
  std::string profile;
  std::string cache;
  std::string compiler;
  std::vector<std::string> include;
  uint64_t guard_bytes;  // set in MiB, as guard_mb
  double timeout;
  bool log;
  bool leaks;
  bool abort_on_unknown_selector;  // set as unknown_selector
  std::string fault;
};

// A copy of what holds now: taken once per pipeline and once per dispatch.
Settings current_settings();
// current_settings().validate, at the price of one load.
bool validating();
// False, with the reason, for an unknown name or a bad value. An empty value restores the environment's.
bool set_setting(const std::string& name, const std::string& value, std::string& reason);

// The same table for people: lines for a terminal, rows of a README's table, or JSON.
std::string settings_as_text();
std::string settings_as_markdown();
std::string settings_as_json();

}  // namespace softmetal
