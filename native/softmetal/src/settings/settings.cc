#include "settings/settings.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "settings/profile.h"

namespace softmetal {
namespace {

bool parse_number(const std::string& text, uint64_t largest, uint64_t& value) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return false;
  errno = 0;
  value = std::strtoull(text.c_str(), nullptr, 10);
  return errno == 0 && value <= largest;
}

bool parse_switch(const std::string& text, bool& value) {
  value = text == "1" || text == "true";
  return value || text == "0" || text == "false";
}

bool parse_seconds(const std::string& text, double& value) {
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && !*end && std::isfinite(value) && value >= 0;
}

bool parse_schedule(const std::string& text, Schedule& value) {
  static const std::map<std::string, Schedule> names = {{"order", Schedule::kInOrder},
                                                        {"reverse", Schedule::kReverse},
                                                        {"random", Schedule::kRandom},
                                                        {"lockstep", Schedule::kLockstep}};
  auto found = names.find(text);
  if (found == names.end()) return false;
  value = found->second;
  return true;
}

bool parse_guard(const std::string& text, uint64_t& bytes) {
  uint64_t mebibytes;
  if (!parse_number(text, 1 << 20, mebibytes)) return false;
  bytes = mebibytes << 20;
  return true;
}

std::vector<std::string> split_folders(const std::string& text) {
  std::vector<std::string> folders;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(':', begin), text.size());
    if (end > begin) folders.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return folders;
}

std::string profile_names() {
  std::string names;
  for (const Profile& profile : all_profiles())
    names += (names.empty() ? "" : " | ") + std::string(profile.profile);
  return names;
}

struct Setting {
  const char* name;
  const char* fallback;
  std::string values;
  const char* meaning;
  bool (*parse)(const std::string& text, Settings& settings);
  const char* instead = nullptr;  // what to call, for what the environment alone sets
};

const std::vector<Setting>& table() {
  static const auto* settings = new std::vector<Setting>{
      {"workers", "0", "a number up to 1024",
       "operating-system threads that run threadgroups; 0 = one per core",
       [](const std::string& text, Settings& to) {
         uint64_t value = 0;
         bool good = parse_number(text, 1024, value);
         to.workers = static_cast<int>(value);
         return good;
       }},
      {"schedule", "order", "order | reverse | random | lockstep",
       "the order in which threads, simdgroups and threadgroups run between barriers",
       [](const std::string& text, Settings& to) { return parse_schedule(text, to.schedule); }},
      {"seed", "1", "a number", "of the random schedule",
       [](const std::string& text, Settings& to) { return parse_number(text, UINT64_MAX, to.seed); }},
      {"validate", "0", "0 | 1",
       "checks memory accesses, races, barriers and objects; any finding fails the command buffer",
       [](const std::string& text, Settings& to) { return parse_switch(text, to.validate); }},
      {"stats", "0", "0 | 1", "counts what every dispatch does",
       [](const std::string& text, Settings& to) { return parse_switch(text, to.stats); }},
      {"profile", "apple9", profile_names(), "the GPU whose limits and families hold",
       [](const std::string& text, Settings& to) {
         to.profile = text;
         return find_profile(text) != nullptr;
       }},
      {"compiler", "", "a command", "clang, or \"/path/to/zig clang\"; empty = look for one",
       [](const std::string& text, Settings& to) {
         to.compiler = text;
         return true;
       }},
      {"include", "", "folders separated by ':'", "where shaders' #include looks",
       [](const std::string& text, Settings& to) {
         to.include = split_folders(text);
         return true;
       }},
      {"cache", "", "a folder", "of compiled kernels (default: softmetal in the user's cache folder)",
       [](const std::string& text, Settings& to) {
         to.cache = text;
         return true;
       }},
      {"guard_mb", "4096", "a number up to 1048576",
       "MiB of inaccessible memory on either side of a buffer; 16 under QEMU",
       [](const std::string& text, Settings& to) { return parse_guard(text, to.guard_bytes); }},
      {"timeout", "60", "seconds", "that a command buffer may run; 0 = no limit",
       [](const std::string& text, Settings& to) { return parse_seconds(text, to.timeout); }},
      {"log", "0", "0 | 1", "findings go to stderr as they come",
       [](const std::string& text, Settings& to) { return parse_switch(text, to.log); }},
      {"leaks", "0", "0 | 1", "objects alive at exit are reported on stderr",
       [](const std::string& text, Settings& to) { return parse_switch(text, to.leaks); }},
      {"unknown_selector", "report", "report | abort",
       "a message that its receiver does not understand is reported and answered with zero, or ends the "
       "process as on a Mac",
       [](const std::string& text, Settings& to) {
         to.abort_on_unknown_selector = text == "abort";
         return text == "abort" || text == "report";
       }},
      {"fault", "", "fault:n or fault:n:times, separated by ','", "faults to inject: see softmetal.h",
       [](const std::string& text, Settings& to) {
         to.fault = text;
         return true;
       },
       "softmetal_inject()"},
  };
  return *settings;
}

std::string variable_of(const Setting& setting) {
  std::string name = std::string("SOFTMETAL_") + setting.name;
  for (char& letter : name) letter = letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter;
  return name;
}

std::string refusal(const std::string& name, const std::string& value, const Setting& setting) {
  return name + ": expected " + setting.values + ", got '" + value + "'";
}

std::atomic<bool> validate_now{false};

// Starts from the environment, read once; keeps what each setting was there so that it can be restored.
class Store {
 public:
  static Store& shared() {
    static Store* store = new Store;  // never destroyed: used while the process ends
    return *store;
  }

  Settings current() {
    std::lock_guard guard(mutex_);
    return settings_;
  }

  bool set(const std::string& name, const std::string& value, std::string& reason) {
    std::lock_guard guard(mutex_);
    for (const Setting& setting : table()) {
      if (name != setting.name) continue;
      if (setting.instead) {
        reason = name + " is read from the environment at the start: call " + setting.instead;
        return false;
      }
      Settings changed = settings_;
      if (!setting.parse(value.empty() ? initial_[name] : value, changed)) {
        reason = refusal(name, value, setting);
        return false;
      }
      settings_ = changed;
      validate_now = settings_.validate;
      return true;
    }
    reason = "no setting is called '" + name + "'";
    return false;
  }

 private:
  Store() {
    for (const Setting& setting : table()) {
      const std::string variable = variable_of(setting);
      const char* given = std::getenv(variable.c_str());
      std::string value = given && *given ? given : setting.fallback;
      if (!setting.parse(value, settings_)) {
        std::fprintf(stderr, "softmetal: %s; '%s' holds\n", refusal(variable, value, setting).c_str(),
                     setting.fallback);
        setting.parse(value = setting.fallback, settings_);
      }
      initial_[setting.name] = value;
    }
    validate_now = settings_.validate;
  }

  std::mutex mutex_;
  Settings settings_{};
  std::map<std::string, std::string> initial_;
};

std::string escape(const std::string& text, char special) {
  std::string result;
  for (char letter : text) {
    if (letter == special || letter == '\\') result += '\\';
    result += letter;
  }
  return result;
}

}  // namespace

Settings current_settings() { return Store::shared().current(); }

bool validating() {
  static Store& read_environment_first = Store::shared();
  (void)read_environment_first;
  return validate_now.load(std::memory_order_relaxed);
}

bool set_setting(const std::string& name, const std::string& value, std::string& reason) {
  return Store::shared().set(name, value, reason);
}

std::string settings_as_text() {
  std::string text;
  for (const Setting& setting : table()) {
    text += variable_of(setting) + "=" + setting.values;
    if (*setting.fallback) text += std::string(" (default ") + setting.fallback + ")";
    text += std::string("\n    ") + setting.meaning + "\n";
  }
  return text;
}

std::string settings_as_markdown() {
  std::string text = "| setting | variable | values | default | what it does |\n|---|---|---|---|---|\n";
  for (const Setting& setting : table()) {
    text += std::string("| `") + setting.name + "` | `" + variable_of(setting) + "` | " +
            escape(setting.values, '|') + " | " + setting.fallback + " | " + escape(setting.meaning, '|') +
            " |\n";
  }
  return text;
}

std::string settings_as_json() {
  auto quoted = [](const std::string& text) { return "\"" + escape(text, '"') + "\""; };
  std::string text;
  for (const Setting& setting : table()) {
    text += text.empty() ? "[" : ",";
    text += "{\"name\":" + quoted(setting.name) + ",\"variable\":" + quoted(variable_of(setting)) +
            ",\"values\":" + quoted(setting.values) + ",\"default\":" + quoted(setting.fallback) +
            ",\"meaning\":" + quoted(setting.meaning) + "}";
  }
  return text + "]";
}

}  // namespace softmetal
