// What Metal's validation refuses at encoding and dispatch: a report, and a command buffer that fails.
#include "client.h"

using namespace client;

namespace {

constexpr char kSource[] = R"(
#include <metal_stdlib>
using namespace metal;
struct Params { float4 scale; uint count; };
kernel void f(device float* to [[buffer(0)]], constant Params& params [[buffer(2)]],
              threadgroup float* scratch [[threadgroup(1)]], uint i [[thread_position_in_grid]]) {
  scratch[0] = 0;
  if (i < params.count) to[i] = params.scale.x;
}
[[max_total_threads_per_threadgroup(64)]] kernel void narrow(device float* to [[buffer(0)]]) { to[0] = 1; }
kernel void half_full(device float* to [[buffer(0)]], threadgroup float* a [[threadgroup(0)]]) {
  threadgroup float t[4096];
  t[0] = a[0] = 1;
  to[0] = t[0];
}
)";
struct alignas(16) Params {
  float scale[4] = {2, 2, 2, 2};
  uint32_t count = 8;
};

struct Fixture {
  Gpu gpu;
  Owned library = gpu.library(kSource);
  Owned f = gpu.pipeline(gpu.function(library, "f")), narrow = gpu.pipeline(gpu.function(library, "narrow")),
        half_full = gpu.pipeline(gpu.function(library, "half_full"));
  Owned out = gpu.buffer(64);
  Fixture() { take_reports(); }

  std::vector<Binding> all() { return {bind(0, out), bytes(2, Params()), threadgroup(1, 16)}; }

  // The finding must be in the reports and in the command buffer's error.
  void refused(const char* kind, const std::string& message, std::function<void(id)> encode) {
    Pool pool;
    id buffer = gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoder");
    encode(encoder);
    send<void>(encoder, "endEncoding");
    CHECK(!gpu.finish(buffer));
    CHECK_EQUAL(send<NSUInteger>(buffer, "status"), NSUInteger{kError});
    CHECK_EQUAL(gpu.domain, "MTLCommandBufferErrorDomain");
    CHECK_CONTAINS(gpu.error, message);
    std::string reports = take_reports();
    CHECK_CONTAINS(reports, std::string("\"") + kind + "\"");
    if (message.find("more)") == std::string::npos) {
      CHECK_CONTAINS(reports, message);
    }
  }
  void refused_dispatch(const char* kind, const std::string& message, const Owned& pipeline,
                        std::vector<Binding> bindings, Size groups = {}, Size threads = {}) {
    refused(kind, message, [&](id encoder) { dispatch(encoder, pipeline, bindings, groups, threads); });
  }
};

std::vector<Binding> without(std::vector<Binding> bindings, size_t index) {
  bindings.erase(bindings.begin() + static_cast<long>(index));
  return bindings;
}

TEST("with everything bound the dispatch runs and nothing is reported") {
  Fixture t;
  CHECK(t.gpu.run(t.f, t.all(), {2}, {4}));
  CHECK_EQUAL(contents<float>(t.out)[7], 2.0f);
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("an unbound buffer is named") {
  Fixture t;
  t.refused_dispatch("unbound-argument", "Compute Function(f): missing Buffer binding at index 0 for to[0].",
                     t.f, without(t.all(), 0));
  t.refused_dispatch("unbound-argument", "missing Buffer binding at index 2 for params[0].", t.f,
                     without(t.all(), 1));
}

TEST("a threadgroup argument without length is named") {
  Fixture t;
  t.refused_dispatch("unbound-argument", "missing threadgroupMemory binding at index 1 for scratch[0].", t.f,
                     without(t.all(), 2));
}

TEST("a buffer shorter than the struct that a reference means is refused") {
  Fixture t;
  Owned small = t.gpu.buffer(32);
  auto bindings = without(t.all(), 1);
  bindings.push_back(bind(2, small, 16));
  t.refused_dispatch(
      "short-buffer",
      "argument params[0] from buffer(2) with offset(16) and length(32) has space for 16 bytes, but "
      "argument has a length(32).",
      t.f, bindings);
}

TEST("bytes for an argument that is written are refused") {
  Fixture t;
  auto bindings = without(t.all(), 0);
  bindings.push_back(bytes(0, 1.0f));
  t.refused_dispatch("write-to-constant", "Read-only bytes are being bound at index 0", t.f, bindings);
}

TEST("too many threads, for the device and for the kernel, and none") {
  Fixture t;
  t.refused_dispatch("thread-count", "(1025) must be <= 1024. (device threadgroup size limit)", t.f, t.all(),
                     {}, {1025});
  t.refused_dispatch("thread-count", "(4194304) must be <= 1024. (device threadgroup size limit)", t.f,
                     t.all(), {}, {64, 256, 256});
  t.refused_dispatch("thread-count", "(65) must be <= 64. (kernel threadgroup size limit)", t.narrow,
                     {bind(0, t.out)}, {}, {65});
  t.refused_dispatch("thread-count", "(0) must not be 0.", t.f, t.all(), {}, {4, 0, 1});
  t.refused_dispatch("thread-count", "threadgroupsPerGrid.height(0)", t.f, t.all(), {4, 0, 1}, {4});
}

TEST("a grid that no GPU can count is refused") {
  Fixture t;
  t.refused_dispatch("thread-count", "more than 4294967295 threads", t.f, t.all(), {1u << 31}, {4});
  // A product of 64 bits that wraps around to 0.
  t.refused_dispatch("thread-count", "more than 4294967295 threads", t.f, t.all(), {NSUInteger{1} << 62},
                     {4});
}

TEST("an indirect grid that no GPU can count fails the command buffer") {
  Fixture t;
  Pool pool;
  Owned grid = t.gpu.buffer_of(std::vector<uint32_t>{1u << 30, 1, 1});
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  send<void>(encoder, "setComputePipelineState:", t.f.get());
  for (const Binding& binding : t.all()) set(encoder, binding);
  send<void>(encoder,
             "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:", grid.get(),
             NSUInteger{0}, Size{4});
  send<void>(encoder, "endEncoding");
  CHECK(!t.gpu.finish(buffer));
  CHECK_CONTAINS(t.gpu.error, "asks for 1073741824 threadgroups");
}

TEST("threadgroup memory: a multiple of 16, within the limit, alone and in sum") {
  Fixture t;
  auto set_length = [](NSUInteger length, NSUInteger index) {
    return [=](id encoder) { send<void>(encoder, "setThreadgroupMemoryLength:atIndex:", length, index); };
  };
  t.refused("encoding", "length(20) must be a multiple of 16 bytes.", set_length(20, 0));
  t.refused("threadgroup-memory", "length(32784) must be <= 32768.", set_length(32784, 0));
  t.refused("encoding", "index(31) must be < 31.", set_length(16, 31));
  t.refused_dispatch("threadgroup-memory", "16384 bytes of variables and 16400 of arguments, 32784 in all",
                     t.half_full, {bind(0, t.out), threadgroup(0, 16400)});
  CHECK(t.gpu.run(t.half_full, {bind(0, t.out), threadgroup(0, 16384)}, {}, {}));
}

TEST("setBytes takes 4 KB and no more") {
  Fixture t;
  std::vector<char> many(4097);
  auto set_bytes = [&](NSUInteger length, NSUInteger index) {
    return [&many, length, index](id encoder) {
      send<void>(encoder, "setBytes:length:atIndex:", static_cast<const void*>(many.data()), length, index);
    };
  };
  t.refused("set-bytes", "length(4097) must be <= 4096.", set_bytes(4097, 0));
  t.refused("encoding", "length not 0", set_bytes(0, 0));
  t.refused("encoding", "index(31) must be < 31.", set_bytes(4, 31));
}

TEST("buffer offsets and indices must be inside") {
  Fixture t;
  auto set_buffer = [&](NSUInteger offset, NSUInteger index) {
    return [&t, offset, index](id encoder) {
      send<void>(encoder, "setBuffer:offset:atIndex:", t.out.get(), offset, index);
    };
  };
  t.refused("encoding", "offset(65) must be <= 64", set_buffer(65, 0));
  t.refused("encoding", "index(31) must be < 31.", set_buffer(0, 31));
  t.refused("encoding", "no buffer is bound at index 3", [](id encoder) {
    send<void>(encoder, "setBufferOffset:atIndex:", NSUInteger{0}, NSUInteger{3});
  });
}

TEST("an object of another class is refused where a buffer is wanted") {
  Fixture t;
  Pool pool;
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  send<void>(encoder, "setBuffer:offset:atIndex:", t.f.get(), NSUInteger{0}, NSUInteger{0});
  send<void>(encoder, "endEncoding");
  CHECK_CONTAINS(take_reports(), "\"object\"");
}

TEST("a dispatch without a pipeline is refused") {
  Fixture t;
  t.refused("encoding", "no compute pipeline state is set", [](id encoder) {
    send<void>(encoder, "dispatchThreads:threadsPerThreadgroup:", Size{}, Size{});
  });
}

TEST("setBuffers and setBufferOffset bind as setBuffer does") {
  Fixture t;
  Pool pool;
  Owned params = t.gpu.buffer_of(std::vector<Params>{Params(), Params()});
  contents<Params>(params)[1].scale[0] = 5;
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  id buffers[] = {t.out.get(), nil, params.get()};
  const NSUInteger offsets[] = {0, 0, 0};
  send<void>(encoder, "setBuffers:offsets:withRange:", static_cast<id*>(buffers),
             static_cast<const NSUInteger*>(offsets), Range{0, 3});
  send<void>(encoder, "setBufferOffset:atIndex:", NSUInteger{sizeof(Params)}, NSUInteger{2});
  dispatch(encoder, t.f, {threadgroup(1, 16)}, {2}, {4});
  send<void>(encoder, "endEncoding");
  CHECK(t.gpu.finish(buffer));
  CHECK_EQUAL(contents<float>(t.out)[0], 5.0f);
}

TEST("dispatchThreads covers a grid that is no multiple of the threadgroup") {
  Fixture t;
  Pool pool;
  std::fill_n(contents<float>(t.out), 16, -1.0f);
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  send<void>(encoder, "setComputePipelineState:", t.f.get());
  for (const Binding& binding : t.all()) set(encoder, binding);
  send<void>(encoder, "dispatchThreads:threadsPerThreadgroup:", Size{7}, Size{4});
  send<void>(encoder, "endEncoding");
  CHECK(t.gpu.finish(buffer));
  CHECK_EQUAL(contents<float>(t.out)[6], 2.0f);
  CHECK_EQUAL(contents<float>(t.out)[7], -1.0f);
}

TEST("an indirect dispatch reads its grid when it runs") {
  Fixture t;
  Pool pool;
  std::fill_n(contents<float>(t.out), 16, -1.0f);
  Owned grid = t.gpu.buffer_of(std::vector<uint32_t>{9, 9, 9, 1, 1, 1});
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  send<void>(encoder, "setComputePipelineState:", t.f.get());
  for (const Binding& binding : t.all()) set(encoder, binding);
  send<void>(encoder,
             "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:", grid.get(),
             NSUInteger{12}, Size{4});
  send<void>(encoder, "endEncoding");
  CHECK(t.gpu.finish(buffer));
  CHECK_EQUAL(contents<float>(t.out)[3], 2.0f);
  CHECK_EQUAL(contents<float>(t.out)[4], -1.0f);
  t.refused("encoding", "must be a multiple of 4", [&](id refused) {
    send<void>(refused, "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:",
               grid.get(), NSUInteger{2}, Size{4});
  });
  t.refused("encoding", "must be <= length(24)", [&](id refused) {
    send<void>(refused, "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:",
               grid.get(), NSUInteger{16}, Size{4});
  });
}

TEST("encoding after endEncoding, and an encoder that nobody ends") {
  Fixture t;
  {
    Pool pool;
    id buffer = t.gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoder");
    send<void>(encoder, "endEncoding");
    dispatch(encoder, t.f, t.all(), {}, {});
    CHECK(!t.gpu.finish(buffer));
    CHECK_CONTAINS(t.gpu.error, "encoding after endEncoding");
  }
  Owned buffer;
  {
    Pool pool;
    buffer = Owned::retaining(t.gpu.command_buffer());
    send<id>(buffer.get(), "computeCommandEncoder");
  }
  CHECK(!t.gpu.finish(buffer.get()));
  CHECK_CONTAINS(t.gpu.error, "Command encoder released without endEncoding");
}

TEST("several findings of one command buffer are counted in its error") {
  Fixture t;
  t.refused_dispatch("unbound-argument", "(and 2 more)", t.f, {});
}

}  // namespace
