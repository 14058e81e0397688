#include "compile/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace softmetal {
namespace {

// What posix_spawn's child exits with when the program cannot be started and the parent was not told.
constexpr int kNotFound = 127;

// Variables like CPATH or CCC_OVERRIDE_OPTIONS would change what a compiler does, and no cache key knows
// them.
std::vector<std::string> environment_of_child() {
  std::vector<std::string> variables;
  for (const char* name : {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0) read = ends[0], write = ends[1];
  }
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

// Both pipes at once: a program that fills one while its parent waits for the other would never end.
void read_both(Pipe& output, Pipe& error, ProcessResult& result) {
  pollfd ends[2] = {{output.read, POLLIN, 0}, {error.read, POLLIN, 0}};
  std::string* texts[2] = {&result.output, &result.error};
  for (int open = 2; open > 0;) {
    if (poll(ends, 2, -1) < 0 && errno != EINTR) return;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || !(ends[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      char bytes[16384];
      ssize_t count = read(ends[i].fd, bytes, sizeof bytes);
      if (count > 0) {
        texts[i]->append(bytes, static_cast<size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        ends[i].fd = -1;
        --open;
      }
    }
  }
}

// The host may have blocked or ignored signals; the child starts with none blocked and the usual actions.
void reset_signals(posix_spawnattr_t* attributes) {
  sigset_t none, reset;
  sigemptyset(&none);
  sigemptyset(&reset);
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD}) sigaddset(&reset, signal);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &reset);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

int spawn(pid_t* child, const std::vector<std::string>& arguments, const Pipe& output, const Pipe& error) {
  std::vector<std::string> words = arguments, variables = environment_of_child();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error.write, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  reset_signals(&attributes);
  int failure = posix_spawnp(child, words[0].c_str(), &actions, &attributes, pointers(words).data(),
                             pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments) {
  ProcessResult result;
  Pipe output, error;
  if (arguments.empty() || output.read < 0 || error.read < 0) return result;
  pid_t child = 0;
  if (int failure = spawn(&child, arguments, output, error)) {
    result.error = arguments[0] + ": " + std::strerror(failure);
    return result;
  }
  Pipe::close_end(output.write);
  Pipe::close_end(error.write);
  read_both(output, error, result);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    // ECHILD: the host ignores SIGCHLD, so the status is lost. Callers see by the output whether it worked.
    result.started = true;
    result.status = 0;
    return result;
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // An emulated process learns of a missing program only by the child's exit.
  result.started = result.status != kNotFound;
  if (!result.started) result.error = arguments[0] + ": no such program";
  return result;
}

}  // namespace softmetal
