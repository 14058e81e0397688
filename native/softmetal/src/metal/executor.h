// A thread that runs tasks one after the other, each under its own autorelease pool. It starts with the first
// task and ends, after the last one, when nobody holds the executor any more.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

namespace softmetal {

class Executor {
 public:
  Executor();
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Makes sure that there is a thread. False when the system has none left.
  bool start();
  // Without a thread the task runs here and now.
  void post(std::function<void()> task);
  bool runs_on_this_thread() const;

 private:
  struct State;
  static bool start(const std::shared_ptr<State>& state);
  static void work(State& state);
  static void run_waiting(State& state, std::unique_lock<std::mutex>& lock);
  std::shared_ptr<State> state_;
};

// True once the process ends: tasks that wait for something give up.
bool process_is_ending();

}  // namespace softmetal
