#include "session_threads.h"

#include "bridges/process_device.h"

namespace fa::ort {
namespace {

/// One call's way to the threads of its session.
class SessionThreads {
 public:
  SessionThreads(const OrtApi* api, const OrtKernelContext* context) : api_(api), context_(context) {}

  /// Null where threads of our own are asked for.
  const HostThreads* lent() const { return process_threads_chosen() ? nullptr : &threads_; }

 private:
  struct Work {
    void (*run)(void* context);
    void* context;
  };

  static void run(void* self, int64_t workers, void (*work)(void* context), void* context) {
    const auto& session = *static_cast<const SessionThreads*>(self);
    Work each{work, context};
    const auto run_one = [](void* each, size_t) {
      const Work& work = *static_cast<Work*>(each);
      work.run(work.context);
    };
    OrtStatus* status = session.api_->KernelContext_ParallelFor(session.context_, run_one,
                                                                static_cast<size_t>(workers), 0, &each);
    if (status != nullptr) session.api_->ReleaseStatus(status);  // the caller does what was not done
  }

  const OrtApi* api_;
  const OrtKernelContext* context_;
  HostThreads threads_{this, run};
};

}  // namespace

void run_on_session(const KernelValues& values, ForwardCall call) {
  const SessionThreads session(values.api(), values.context());
  call.threads = session.lent();
  process_device().forward(call);
}

void run_on_session(const KernelValues& values, BackwardCall call) {
  const SessionThreads session(values.api(), values.context());
  call.threads = session.lent();
  process_device().backward(call);
}

}  // namespace fa::ort
