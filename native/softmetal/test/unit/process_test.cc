// Running other programs, and the disk cache.
#include "compile/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "check.h"
#include "compile/cache.h"
#include "compile/files.h"
#include "temporary.h"

using namespace softmetal;

TEST("a program's output, errors and exit status come back apart") {
  ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.started);
  CHECK_EQUAL(result.status, 3);
  CHECK_EQUAL(result.output, "out\n");
  CHECK_EQUAL(result.error, "err\n");
}

TEST("arguments reach a program as they are: no shell reads them") {
  ProcessResult result = run_process({"printf", "%s|", "a b", "$HOME", "*", "'\""});
  CHECK_EQUAL(result.output, "a b|$HOME|*|'\"|");
}

TEST("a program that does not exist was not started") {
  ProcessResult result = run_process({"/nowhere/clang", "--version"});
  CHECK(!result.started);
  CHECK_CONTAINS(result.error, "/nowhere/clang: ");
}

TEST("a program that is ended by a signal says so") {
  CHECK_EQUAL(run_process({"sh", "-c", "kill -TERM $$"}).status, 128 + SIGTERM);
}

TEST("more output than a pipe holds, on both ends at once") {
  ProcessResult result = run_process({"sh", "-c", "head -c 500000 /dev/zero >&2; head -c 700000 /dev/zero"});
  CHECK_EQUAL(result.output.size(), 700000u);
  CHECK_EQUAL(result.error.size(), 500000u);
}

TEST("a program reads nothing from the host's standard input") {
  CHECK_EQUAL(run_process({"cat"}).output, "");
}

TEST("variables that change what a compiler does stay outside") {
  setenv("CPATH", "/somewhere", 1);
  ProcessResult result = run_process({"sh", "-c", "echo \"[$CPATH] $PATH\""});
  unsetenv("CPATH");
  CHECK_EQUAL(result.output, std::string("[] ") + std::getenv("PATH") + "\n");
}

TEST("blocked and ignored signals of the host do not reach a program") {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  ProcessResult result = run_process({"sh", "-c", "kill -INT $$; echo still here"});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK_EQUAL(result.status, 128 + SIGINT);
}

TEST("a host that ignores SIGCHLD still gets the output") {
  auto before = std::signal(SIGCHLD, SIG_IGN);
  ProcessResult result = run_process({"echo", "here"});
  std::signal(SIGCHLD, before);
  CHECK(result.started);
  CHECK_EQUAL(result.output, "here\n");
}

TEST("programs run side by side from several threads") {
  std::vector<std::thread> threads;
  std::vector<std::string> outputs(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&outputs, i] { outputs[i] = run_process({"echo", std::to_string(i)}).output; });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 8; ++i) CHECK_EQUAL(outputs[i], std::to_string(i) + "\n");
}

namespace {

std::string publish(const std::string& key, const std::string& text) {
  TemporaryFolder folder;
  write_file(folder.path + "/text", text);
  return publish_entry(key, folder.path).value_or("");
}

std::string text_of(const std::string& key) {
  auto entry = find_entry(key);
  return entry ? read_file(*entry + "/text").value_or("no text") : "no entry";
}

size_t files_in(const std::string& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

}  // namespace

TEST("an entry of the cache is found by its key until it is removed") {
  TestCache cache;
  CHECK_EQUAL(text_of("a"), "no entry");
  publish("a", "first");
  CHECK_EQUAL(text_of("a"), "first");
  remove_entry("a");
  CHECK_EQUAL(text_of("a"), "no entry");
  CHECK_EQUAL(files_in(cache.path), 0u);
}

TEST("what cannot be published is said not to be there") {
  TestCache cache;
  CHECK(!publish_entry("a", cache.path + "/nowhere"));
  CHECK(!find_entry("a"));
}

TEST("the first of two publishers wins, and the loser leaves nothing behind") {
  TestCache cache;
  publish("a", "first");
  CHECK(!publish("a", "second").empty());
  CHECK_EQUAL(text_of("a"), "first");
  CHECK_EQUAL(files_in(cache.path), 1u);
}

TEST("the cache gives up what was used longest ago") {
  TestCache cache;
  for (const char* key : {"a", "b", "c"}) {
    publish(key, std::string(1000, 'x'));
    usleep(10000);
  }
  CHECK(find_entry("a").has_value());
  prune_cache(2500);
  CHECK_EQUAL(text_of("b"), "no entry");
  CHECK_EQUAL(text_of("a"), std::string(1000, 'x'));
  CHECK_EQUAL(text_of("c"), std::string(1000, 'x'));
}

TEST("temporary folders of a crashed process go, those of running ones stay") {
  TestCache cache;
  TemporaryFolder mine;
  std::string old = cache.path + "/tmp-elsewhere-1-1";
  std::filesystem::create_directory(old);
  std::filesystem::last_write_time(old,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(24));
  prune_cache(1 << 20);
  CHECK(!std::filesystem::exists(old));
  CHECK(std::filesystem::exists(mine.path));
}

TEST("a cache that cannot be written says which folder it is") {
  SettingForTest cache("cache", "/proc/nowhere");
  TemporaryFolder folder;
  CHECK(folder.path.empty());
  CHECK_CONTAINS(folder.failure, "/proc/nowhere");
}
