// Operating-system threads that run threadgroups. They sleep between dispatches and live as long as the
// process.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/worker.h"

namespace softmetal {

class WorkerPool {
 public:
  // A fresh one in the child of a fork, whose threads are not its parent's.
  static WorkerPool& shared();

  // Calls work(worker, index) on `count` threads and waits for all. When `timeout` seconds are over (0 =
  // never), `expire` is called once, and kernels that still run are interrupted until they are gone. Fewer
  // threads, even none, take part when the system has no more or no memory for them.
  struct Task {
    int count;
    double timeout;
    std::function<void(Worker&, int)> work;
    std::function<void()> expire;
  };
  void run(const Task& task);

 private:
  void grow(int count);
  void serve(int index);
  static void take_part(const Task& task, std::unique_ptr<Worker>& worker, int index);
  void wait_for_all(std::unique_lock<std::mutex>& lock, const Task& task);

  std::mutex turn_;  // one task at a time
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<pthread_t> threads_;
  const Task* task_ = nullptr;
  std::vector<bool> busy_;  // by thread: has not finished its part of task_
  int running_ = 0;
};

}  // namespace softmetal
