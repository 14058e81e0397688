#include "metal/commands.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>

#include "fa/bindings.h"
#include "metal/gpu_errors.h"
#include "metal/objc_block.h"

namespace fa::metal {

namespace {

constexpr NSUInteger kConcurrent = 1;      // MTLDispatchTypeConcurrent
constexpr NSUInteger kBarrierBuffers = 1;  // MTLBarrierScopeBuffers

/// Command buffers of one call that are committed and not complete: the GPU always has the next one, and a
/// failure ends the call soon.
constexpr size_t kCommittedPerCall = 2;

/// A queue has 64 command buffers, and who asks for more waits inside of Metal, for ever if nobody commits.
constexpr ptrdiff_t kCallsAtOnce = 24;

struct GridSize {  // MTLSize
  NSUInteger width, height, depth;
};

[[noreturn]] void raise_timeout(std::chrono::milliseconds timeout, const char* got) {
  raise_gpu(ErrorCode::TIMEOUT, "the GPU to finish within " + std::to_string(timeout.count()) + " ms", got);
}

}  // namespace

/// Tells the thread that waits what became of a command buffer.
class Commands::Completion {
 public:
  void signal(std::optional<GpuFailure> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    done_ = true;
    changed_.notify_all();
  }

  /// False when it took too long.
  bool wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return done_; });
  }

  const std::optional<GpuFailure>& failure() const { return failure_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<GpuFailure> failure_;
  bool done_ = false;
};

/// One call's place in the queue, until its last command buffer is complete.
class Commands::Place {
 public:
  explicit Place(std::shared_ptr<std::counting_semaphore<>> taken_from)
      : taken_from_(std::move(taken_from)) {}
  ~Place() { taken_from_->release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<std::counting_semaphore<>> taken_from_;
};

/// What the completion block holds. Called once, on a thread of Metal's.
struct Commands::Handler {
  const Objc& objc;
  std::shared_ptr<Completion> completion;
  std::shared_ptr<const CallMemory> memory;
  std::shared_ptr<const Place> place;

  static void call(void* context, Id command_buffer) {
    const std::unique_ptr<Handler> self(static_cast<Handler*>(context));
    const AutoreleasePool pool(self->objc);
    // First, so that the caller finds its memory back in the pool.
    self->memory.reset();
    self->place.reset();
    self->completion->signal(failure_of(self->objc, command_buffer));
  }
};

Commands::Commands(const GpuDevice& gpu, std::chrono::milliseconds timeout)
    : gpu_(gpu),
      queue_(gpu.objc.adopt(gpu.objc.send<Id>(gpu.device.get(), "newCommandQueue"))),
      timeout_(timeout),
      free_places_(std::make_shared<std::counting_semaphore<>>(kCallsAtOnce)) {
  if (!queue_) raise_gpu(ErrorCode::OUT_OF_MEMORY, "a command queue", "none");
}

void Commands::run(const Call& call, const std::vector<Batch>& batches) const {
  const std::shared_ptr<const Place> place = take_place();
  std::deque<std::shared_ptr<Completion>> committed;
  const auto wait_for_first = [&] {
    wait(*committed.front());
    committed.pop_front();
  };
  for (const Batch& batch : batches) {
    if (committed.size() == kCommittedPerCall) wait_for_first();
    committed.push_back(start(call, batch, place));
  }
  while (!committed.empty()) wait_for_first();
}

std::shared_ptr<const Commands::Place> Commands::take_place() const {
  // Those of calls that were given up are free when the GPU is done with them.
  if (!free_places_->try_acquire_for(timeout_)) raise_timeout(timeout_, "too many calls before this one");
  return std::make_shared<const Place>(free_places_);
}

std::shared_ptr<Commands::Completion> Commands::start(const Call& call, const Batch& batch,
                                                      std::shared_ptr<const Place> place) const {
  const Objc& objc = gpu_.objc;
  const AutoreleasePool pool(objc);
  const Id buffer = objc.send<Id>(queue_.get(), "commandBuffer");
  if (buffer == nullptr) raise_gpu(ErrorCode::OUT_OF_MEMORY, "a command buffer", "none");
  // One encoder for all stages: between them a barrier is enough, and within a stage the dispatches may
  // overlap.
  const Id encoder = objc.send<Id>(buffer, "computeCommandEncoderWithDispatchType:", kConcurrent);
  if (encoder == nullptr) raise_gpu(ErrorCode::OUT_OF_MEMORY, "a command encoder", "none");
  encode(call, batch, encoder);
  objc.send<void>(encoder, "endEncoding");

  auto completion = std::make_shared<Completion>();
  std::unique_ptr<Handler> handler(new Handler{objc, completion, call.memory, std::move(place)});
  const ObjectBlock block(objc, Handler::call, handler.get());
  objc.send<void>(buffer, "addCompletedHandler:", static_cast<const void*>(&block));
  objc.send<void>(buffer, "commit");
  handler.release();  // it deletes itself
  return completion;
}

void Commands::encode(const Call& call, const Batch& batch, Id encoder) const {
  const Objc& objc = gpu_.objc;
  int stage = call.work.dispatches[batch.front().dispatch].stage;
  for (const Slice& slice : batch) {
    const Dispatch& dispatch = call.work.dispatches[slice.dispatch];
    if (dispatch.stage != stage) objc.send<void>(encoder, "memoryBarrierWithScope:", kBarrierBuffers);
    stage = dispatch.stage;
    objc.send<void>(encoder, "setComputePipelineState:", call.pipelines[slice.dispatch]);
    bind(call, slice, encoder);
    objc.send<void>(encoder, "dispatchThreadgroups:threadsPerThreadgroup:",
                    GridSize{static_cast<NSUInteger>(slice.tasks), 1, 1},
                    GridSize{static_cast<NSUInteger>(dispatch.variant->threads), 1, 1});
  }
}

void Commands::bind(const Call& call, const Slice& slice, Id encoder) const {
  const Objc& objc = gpu_.objc;
  const Dispatch& dispatch = call.work.dispatches[slice.dispatch];
  for (const Binding& binding : dispatch.bindings) {
    const auto [buffer, offset] = call.memory->place(binding.memory);
    objc.send<void>(encoder, "setBuffer:offset:atIndex:", buffer, NSUInteger{offset + binding.offset},
                    static_cast<NSUInteger>(binding.index));
  }
  for (const Parameters& given : dispatch.parameters) {
    std::vector<std::byte> bytes = given.bytes;
    if (given.index == binding::kParams) {
      const int first = static_cast<int>(slice.first);
      std::memcpy(bytes.data() + dispatch.first_task_offset, &first, sizeof first);
    }
    objc.send<void>(encoder, "setBytes:length:atIndex:", static_cast<const void*>(bytes.data()),
                    NSUInteger{bytes.size()}, static_cast<NSUInteger>(given.index));
  }
}

void Commands::wait(Completion& completion) const {
  if (!completion.wait(timeout_)) raise_timeout(timeout_, "no answer");
  if (const auto& failure = completion.failure()) {
    raise_gpu(failure->code, "the GPU to finish", failure->message);
  }
}

}  // namespace fa::metal
