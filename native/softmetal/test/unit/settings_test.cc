// Names, values, where they come from and what is said about bad ones.
#include "settings/settings.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "check.h"
#include "settings/profile.h"
#include "temporary.h"

using namespace softmetal;

namespace {

std::string refusal_of(const std::string& name, const std::string& value) {
  std::string reason;
  return set_setting(name, value, reason) ? "accepted" : reason;
}

// What a process with this environment variable sees; settings are read once, so it takes a new process.
std::string in_environment(const char* variable, const char* value, std::string (*ask)()) {
  int ends[2];
  if (pipe(ends)) return "no pipe";
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    setenv(variable, value, 1);
    std::string answer = ask();
    _exit(write(ends[1], answer.data(), answer.size()) < 0);
  }
  close(ends[1]);
  std::string text;
  char part[512];
  for (ssize_t size; (size = read(ends[0], part, sizeof part)) > 0;) text.append(part, size);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

// Before any other case asks for a setting in this process: children inherit what was read.
TEST("the environment sets what has no value of its own, and is read once") {
  CHECK_EQUAL(in_environment("SOFTMETAL_SEED", "99", [] { return std::to_string(current_settings().seed); }),
              "99");
  CHECK_EQUAL(in_environment("SOFTMETAL_GUARD_MB", "16",
                             [] { return std::to_string(current_settings().guard_bytes); }),
              "16777216");
  CHECK_EQUAL(
      in_environment("SOFTMETAL_VALIDATE", "1", [] { return std::string(validating() ? "on" : "off"); }),
      "on");
  CHECK_EQUAL(in_environment("SOFTMETAL_SEED", "99",
                             [] {
                               current_settings();
                               setenv("SOFTMETAL_SEED", "5", 1);
                               return std::to_string(current_settings().seed);
                             }),
              "99");
}

TEST("a bad value in the environment is named, and the default holds") {
  std::string text = in_environment("SOFTMETAL_SCHEDULE", "sideways", [] {
    return current_settings().schedule == Schedule::kInOrder ? std::string("in order") : std::string("?");
  });
  CHECK_CONTAINS(text, "SOFTMETAL_SCHEDULE: expected order | reverse | random | lockstep, got 'sideways'");
  CHECK_CONTAINS(text, "in order");
}

TEST("a set value goes before the environment's; an empty one brings that back") {
  CHECK_EQUAL(in_environment("SOFTMETAL_SEED", "99",
                             [] {
                               std::string reason, seen;
                               set_setting("seed", "7", reason);
                               seen = std::to_string(current_settings().seed);
                               set_setting("seed", "", reason);
                               return seen + " " + std::to_string(current_settings().seed);
                             }),
              "7 99");
}

TEST("every kind of value") {
  SettingForTest workers("workers", "3"), schedule("schedule", "lockstep"), timeout("timeout", "0.5");
  SettingForTest include("include", "/a:/b c:"), guard("guard_mb", "2"), leaks("leaks", "true");
  SettingForTest seed("seed", "18446744073709551615"), selector("unknown_selector", "abort");
  Settings settings = current_settings();
  CHECK_EQUAL(settings.workers, 3);
  CHECK(settings.schedule == Schedule::kLockstep);
  CHECK_EQUAL(settings.timeout, 0.5);
  CHECK(settings.include == (std::vector<std::string>{"/a", "/b c"}));
  CHECK_EQUAL(settings.guard_bytes, uint64_t{2} << 20);
  CHECK(settings.leaks && settings.abort_on_unknown_selector);
  CHECK_EQUAL(settings.seed, UINT64_MAX);
}

TEST("bad values are refused by name, and change nothing") {
  int workers = current_settings().workers;
  CHECK_EQUAL(refusal_of("sead", "1"), "no setting is called 'sead'");
  CHECK_EQUAL(refusal_of("validate", "maybe"), "validate: expected 0 | 1, got 'maybe'");
  for (const char* bad : {"-1", "1.5", "three", " 1", "1025", "18446744073709551616"}) {
    CHECK_CONTAINS(refusal_of("workers", bad), "workers: expected a number up to 1024, got '");
  }
  for (const char* bad : {"-1", "soon", "inf", "nan", "1s"})
    CHECK_CONTAINS(refusal_of("timeout", bad), "timeout: expected seconds, got '");
  CHECK_CONTAINS(refusal_of("seed", "18446744073709551616"), "expected a number");
  CHECK_CONTAINS(refusal_of("fault", "compile:1"), "softmetal_inject");
  CHECK_EQUAL(current_settings().workers, workers);
}

TEST("a profile is one of those that there are") {
  for (const Profile& profile : all_profiles())
    CHECK_EQUAL(refusal_of("profile", profile.profile), "accepted");
  CHECK_EQUAL(refusal_of("profile", ""), "accepted");
  CHECK_CONTAINS(refusal_of("profile", "apple6"), "apple9");
}

TEST("validating() follows the setting") {
  {
    SettingForTest off("validate", "0");
    CHECK(!validating() && !current_settings().validate);
  }
  SettingForTest on("validate", "1");
  CHECK(validating() && current_settings().validate);
}

TEST("the table as text, Markdown and JSON") {
  CHECK_CONTAINS(settings_as_text(),
                 "SOFTMETAL_SCHEDULE=order | reverse | random | lockstep (default order)");
  CHECK_CONTAINS(settings_as_markdown(), "| `schedule` | `SOFTMETAL_SCHEDULE` | order \\| reverse");
  CHECK_CONTAINS(settings_as_json(), "{\"name\":\"compiler\",\"variable\":\"SOFTMETAL_COMPILER\"");
  CHECK_CONTAINS(settings_as_json(), "\\\"/path/to/zig clang\\\"");
}

}  // namespace
