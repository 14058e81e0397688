#include "metal/executor.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "objc/object.h"

namespace softmetal {

struct Executor::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  bool started = false, closed = false;
};

namespace {

thread_local const void* current_executor = nullptr;

// At exit no new task starts, and what runs gets a moment to end: a client's handler must not run while the
// client's static objects are destroyed. The kernel of a task that takes longer dies with the process.
struct ExitGate {
  std::atomic<bool> closed{false};
  std::atomic<int> busy{0};

  ExitGate() {
    std::atexit([] { gate().close(); });
  }
  static ExitGate& gate() {
    static auto* one = new ExitGate;
    return *one;
  }
  void close() {
    closed = true;
    int own = current_executor ? 1 : 0;  // a handler may have called exit()
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (busy > own && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

void run_task(std::function<void()>& task) {
  ExitGate& gate = ExitGate::gate();
  ++gate.busy;
  if (!gate.closed) {
    AutoreleasePool pool;
    task();
    task = nullptr;  // what it holds goes under this pool, too
  }
  --gate.busy;
}

}  // namespace

Executor::Executor() : state_(std::make_shared<State>()) { ExitGate::gate(); }

Executor::~Executor() {
  std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->changed.notify_one();
}

bool Executor::runs_on_this_thread() const { return current_executor == state_.get(); }

bool process_is_ending() { return ExitGate::gate().closed; }

void Executor::post(std::function<void()> task) {
  // The task may let go of this executor before post() returns.
  std::shared_ptr<State> state = state_;
  std::unique_lock lock(state->mutex);
  state->tasks.push_back(std::move(task));
  state->changed.notify_one();
  if (start(state)) return;
  state->started = true;  // whoever posts meanwhile leaves the task to this thread
  const void* before = std::exchange(current_executor, state.get());
  run_waiting(*state, lock);
  current_executor = before;
  state->started = false;
}

bool Executor::start() {
  std::lock_guard lock(state_->mutex);
  return start(state_);
}

// With the state's mutex held.
bool Executor::start(const std::shared_ptr<State>& state) {
  if (state->started) return true;
  try {
    std::thread([state] { work(*state); }).detach();
  } catch (const std::system_error&) {
    return false;
  }
  return state->started = true;
}

void Executor::run_waiting(State& state, std::unique_lock<std::mutex>& lock) {
  while (!state.tasks.empty()) {
    std::function<void()> task = std::move(state.tasks.front());
    state.tasks.pop_front();
    lock.unlock();
    run_task(task);
    lock.lock();
  }
}

void Executor::work(State& state) {
  current_executor = &state;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return state.closed || !state.tasks.empty(); });
    if (state.tasks.empty()) return;
    run_waiting(state, lock);
  }
}

}  // namespace softmetal
