// A Metal client's view of the device, for tests: messages by objc.h, ownership by RAII, one call from source
// text to results.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.h"
#include "softmetal/objc.h"
#include "softmetal/softmetal.h"

extern "C" softmetal::objc::id MTLCreateSystemDefaultDevice();

namespace client {

using softmetal::objc::exactly;
using softmetal::objc::id;
using softmetal::objc::nil;
using softmetal::objc::NSUInteger;
using softmetal::objc::Owned;
using softmetal::objc::Pool;
using softmetal::objc::send;
using softmetal::objc::string;
using softmetal::objc::text;

struct Size {  // MTLSize
  NSUInteger width = 1, height = 1, depth = 1;
};
struct Range {  // NSRange
  NSUInteger location = 0, length = 0;
};
enum Status : NSUInteger { kNotEnqueued, kEnqueued, kCommitted, kScheduled, kCompleted, kError };
enum : NSUInteger { kShared = 0, kManaged = 16, kPrivate = 32, kUntracked = 256 };  // MTLResourceOptions

inline id make(const char* class_name) { return send<id>(softmetal::objc::class_named(class_name), "new"); }

// ---- blocks, as a compiler builds them
struct BlockDescriptor {
  unsigned long reserved, size;
  void (*copy)(void*, const void*);
  void (*dispose)(const void*);
  const char* signature;
};
template <class... Arguments>
struct Block {
  using Function = std::function<void(Arguments...)>;
  void* isa;
  int flags, reserved;
  void (*invoke)(Block*, Arguments...);
  const BlockDescriptor* descriptor;
  Function* function;  // each copy has its own

  static void copy(void* to, const void* from) {
    static_cast<Block*>(to)->function = new Function(*static_cast<const Block*>(from)->function);
  }
  static void dispose(const void* block) { delete static_cast<const Block*>(block)->function; }
  static void call(Block* block, Arguments... arguments) { (*block->function)(arguments...); }
};
// Calls `use` with a block that lies on the stack, as a literal in source text would.
template <class... Arguments, class Use>
void with_block(const char* signature, std::type_identity_t<std::function<void(Arguments...)>> function,
                Use use) {
  using Literal = Block<Arguments...>;
  BlockDescriptor descriptor = {0, sizeof(Literal), Literal::copy, Literal::dispose, signature};
  static std::vector<BlockDescriptor*>& kept = *new std::vector<BlockDescriptor*>;  // outlive every copy
  auto* lasting = new BlockDescriptor(descriptor);
  kept.push_back(lasting);
  // By dlsym: a copy relocation would give the program a class of its own.
  static void* const stack_block = dlsym(RTLD_DEFAULT, "_NSConcreteStackBlock");
  Literal literal = {stack_block, 1 << 25 | 1 << 30, 0, Literal::call, lasting, &function};
  use(static_cast<const void*>(&literal));
}
inline void on_buffer(id buffer, bool completed, std::function<void(id)> handler) {
  with_block<id>("v16@?0@8", std::move(handler), [&](const void* block) {
    if (completed) return send<void>(buffer, "addCompletedHandler:", block);
    send<void>(buffer, "addScheduledHandler:", block);
  });
}

// ---- a device with one queue
struct Binding {
  enum class Kind { kBuffer, kBytes, kThreadgroup } kind;
  NSUInteger index;
  id buffer = nil;
  NSUInteger offset = 0, length = 0;
  std::vector<char> bytes = {};
};
inline Binding bind(NSUInteger index, const Owned& buffer, NSUInteger offset = 0) {
  return {Binding::Kind::kBuffer, index, buffer.get(), offset};
}
template <class T>
Binding bytes(NSUInteger index, const T& value) {
  auto* first = reinterpret_cast<const char*>(&value);
  return {Binding::Kind::kBytes, index, nil, 0, 0, {first, first + sizeof value}};
}
inline Binding threadgroup(NSUInteger index, NSUInteger length) {
  return {Binding::Kind::kThreadgroup, index, nil, 0, length};
}

struct Gpu {
  Owned device{MTLCreateSystemDefaultDevice()};
  Owned queue{send<id>(device.get(), "newCommandQueue")};
  std::string error;  // of the last call that failed
  NSUInteger code = 0;
  std::string domain;

  void keep_error(id object) {
    error = text(send<id>(object, "localizedDescription"));
    domain = text(send<id>(object, "domain"));
    code = static_cast<NSUInteger>(send<long>(object, "code"));
  }
  Owned buffer(NSUInteger length, NSUInteger options = kShared) {
    return Owned(send<id>(device.get(), "newBufferWithLength:options:", length, options));
  }
  template <class T>
  Owned buffer_of(const std::vector<T>& values) {
    return Owned(send<id>(device.get(),
                          "newBufferWithBytes:length:options:", static_cast<const void*>(values.data()),
                          NSUInteger{values.size() * sizeof(T)}, NSUInteger{0}));
  }
  Owned library(const std::string& source, id options = nil) {
    Pool pool;
    id problem = nil;
    Owned result(send<id>(device.get(), "newLibraryWithSource:options:error:", string(source.c_str()),
                          options, &problem));
    if (!result) keep_error(problem);
    return result;
  }
  Owned function(const Owned& library, const char* name, id constants = nil) {
    Pool pool;
    id problem = nil;
    Owned result(send<id>(library.get(), "newFunctionWithName:constantValues:error:", string(name), constants,
                          &problem));
    if (!result) keep_error(problem);
    return result;
  }
  Owned pipeline(const Owned& function) {
    Pool pool;
    id problem = nil;
    Owned result(
        send<id>(device.get(), "newComputePipelineStateWithFunction:error:", function.get(), &problem));
    if (!result) keep_error(problem);
    return result;
  }
  // The kernel of a text that has no constants, as a pipeline; a failed check when it does not compile.
  Owned kernel(const std::string& source, const char* name) {
    Owned from = library(source);
    Owned of = from ? function(from, name) : Owned();
    Owned result = of ? pipeline(of) : Owned();
    if (!result) check::fail(__FILE__, __LINE__, "no pipeline: " + error);
    return result;
  }
  id command_buffer() { return send<id>(queue.get(), "commandBuffer"); }

  // Commits, waits, and keeps the error of a command buffer that failed.
  bool finish(id buffer) {
    send<void>(buffer, "commit");
    send<void>(buffer, "waitUntilCompleted");
    if (send<NSUInteger>(buffer, "status") == kCompleted) return true;
    keep_error(send<id>(buffer, "error"));
    return false;
  }
  bool run(const Owned& pipeline, const std::vector<Binding>& bindings, Size groups, Size threads);
};

inline void set(id encoder, const Binding& binding) {
  switch (binding.kind) {
    case Binding::Kind::kBuffer:
      return send<void>(encoder, "setBuffer:offset:atIndex:", binding.buffer, binding.offset, binding.index);
    case Binding::Kind::kBytes:
      return send<void>(encoder, "setBytes:length:atIndex:", static_cast<const void*>(binding.bytes.data()),
                        NSUInteger{binding.bytes.size()}, binding.index);
    case Binding::Kind::kThreadgroup:
      return send<void>(encoder, "setThreadgroupMemoryLength:atIndex:", binding.length, binding.index);
  }
}
inline void dispatch(id encoder, const Owned& pipeline, const std::vector<Binding>& bindings, Size groups,
                     Size threads) {
  send<void>(encoder, "setComputePipelineState:", pipeline.get());
  for (const Binding& binding : bindings) set(encoder, binding);
  send<void>(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", groups, threads);
}
inline bool Gpu::run(const Owned& pipeline, const std::vector<Binding>& bindings, Size groups, Size threads) {
  Pool pool;
  id buffer = command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  dispatch(encoder, pipeline, bindings, groups, threads);
  send<void>(encoder, "endEncoding");
  return finish(buffer);
}

template <class T>
T* contents(const Owned& buffer) {
  return static_cast<T*>(send<void*>(buffer.get(), "contents"));
}

// Reports since the last call of this, as JSON.
inline std::string take_reports() {
  std::string reports = softmetal_reports();
  softmetal_clear_reports();
  return reports;
}

// A setting for as long as this lives.
class Setting {
 public:
  Setting(const char* name, const char* value) : name_(name) {
    if (softmetal_set(name, value) != 0) check::fail(__FILE__, __LINE__, softmetal_last_error());
  }
  ~Setting() { softmetal_set(name_, ""); }

 private:
  const char* name_;
};

}  // namespace client
