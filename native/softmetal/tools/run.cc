// softmetal-run REQUEST: runs one kernel as any Metal client would, writes buffers back, prints JSON.
#include <cstdio>
#include <cstring>
#include <exception>

#include "report/json.h"
#include "request.h"
#include "softmetal/objc.h"
#include "softmetal/softmetal.h"

using namespace softmetal;
using namespace softmetal::objc;

extern "C" id MTLCreateSystemDefaultDevice();

namespace {

struct Size {
  NSUInteger width, height, depth;
};

constexpr NSUInteger kStatusCompleted = 4;

struct BoundBuffer {
  NSUInteger index;
  std::string file, initial;
  Owned buffer;
};

// What goes wrong on the way to a result, and how far it got.
struct Failure {
  const char* stage;
  std::string message;
};

struct Outcome {
  std::string stage = "done", error;
  std::vector<double> milliseconds;
};

NSUInteger whole(const std::string& text) { return std::stoull(text); }
Size size_of(const Words& words) { return {whole(words[0]), whole(words[1]), whole(words[2])}; }

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

void set(const std::string& name, const std::string& value) {
  if (softmetal_set(name.c_str(), value.c_str()) != 0) throw Failure{"settings", softmetal_last_error()};
}

// ---- from source to pipeline
Owned compile_options(const Request& request) {
  Owned options(send<id>(send<id>(class_named("MTLCompileOptions"), "alloc"), "init"));
  std::vector<id> names, values;
  for (const Words& macro : request.all("define")) {
    names.push_back(string(macro[0].c_str()));
    values.push_back(string(macro[1].c_str()));
  }
  id macros = send<id>(class_named("NSDictionary"), "dictionaryWithObjects:forKeys:count:", values.data(),
                       names.data(), NSUInteger{names.size()});
  send<void>(options.get(), "setPreprocessorMacros:", macros);
  return options;
}

Owned constant_values(const Request& request) {
  Owned values(send<id>(send<id>(class_named("MTLFunctionConstantValues"), "alloc"), "init"));
  for (const Words& words : request.all("constant")) {
    const std::string &key = words[0], bytes = unhex(words[2]);
    const void* value = bytes.data();
    NSUInteger type = whole(words[1]);
    if (key.find_first_not_of("0123456789") == std::string::npos) {
      send<void>(values.get(), "setConstantValue:type:atIndex:", value, type, whole(key));
    } else {
      send<void>(values.get(), "setConstantValue:type:withName:", value, type, string(key.c_str()));
    }
  }
  return values;
}

Owned make_pipeline(id device, const Request& request) {
  id error = nil;
  Owned options = compile_options(request);
  Owned library(send<id>(device, "newLibraryWithSource:options:error:", string(named_source(request).c_str()),
                         options.get(), &error));
  if (!library) throw Failure{"compile", error_text(error)};
  Owned constants = constant_values(request);
  Owned function(send<id>(library.get(), "newFunctionWithName:constantValues:error:",
                          string(request.one("function")[0].c_str()), constants.get(), &error));
  if (!function) throw Failure{"function", error_text(error)};
  Owned pipeline(send<id>(device, "newComputePipelineStateWithFunction:error:", function.get(), &error));
  if (!pipeline) throw Failure{"pipeline", error_text(error)};
  return pipeline;
}

// ---- one dispatch
std::vector<BoundBuffer> make_buffers(id device, const Request& request) {
  std::vector<BoundBuffer> buffers;
  for (const Words& words : request.all("buffer")) {
    BoundBuffer one{whole(words[0]), words[1], read_file(words[1]), {}};
    one.buffer = Owned(
        send<id>(device, "newBufferWithLength:options:", NSUInteger{one.initial.size()}, NSUInteger{0}));
    if (!one.buffer) throw Failure{"run", "no buffer of " + std::to_string(one.initial.size()) + " bytes"};
    buffers.push_back(std::move(one));
  }
  return buffers;
}

char* contents(const BoundBuffer& one) {
  return static_cast<char*>(send<void*>(one.buffer.get(), "contents"));
}

void fill(const std::vector<BoundBuffer>& buffers) {
  for (const BoundBuffer& one : buffers) std::memcpy(contents(one), one.initial.data(), one.initial.size());
}

void encode(id encoder, id pipeline, const Request& request, const std::vector<BoundBuffer>& buffers) {
  send<void>(encoder, "setComputePipelineState:", pipeline);
  for (const BoundBuffer& one : buffers) {
    send<void>(encoder, "setBuffer:offset:atIndex:", one.buffer.get(), NSUInteger{0}, one.index);
  }
  for (const Words& words : request.all("bytes")) {
    const std::string bytes = unhex(words[1]);
    const void* data = bytes.data();
    send<void>(encoder, "setBytes:length:atIndex:", data, NSUInteger{bytes.size()}, whole(words[0]));
  }
  for (const Words& words : request.all("tgmem")) {
    send<void>(encoder, "setThreadgroupMemoryLength:atIndex:", whole(words[1]), whole(words[0]));
  }
  const Size threads = size_of(request.one("threads"));
  if (request.has("total")) {
    send<void>(encoder, "dispatchThreads:threadsPerThreadgroup:", size_of(request.one("total")), threads);
  } else {
    send<void>(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", size_of(request.one("grid")), threads);
  }
}

double dispatch(id queue, id pipeline, const Request& request, const std::vector<BoundBuffer>& buffers) {
  Pool pool;
  id commands = send<id>(queue, "commandBuffer");
  id encoder = send<id>(commands, "computeCommandEncoder");
  encode(encoder, pipeline, request, buffers);
  send<void>(encoder, "endEncoding");
  send<void>(commands, "commit");
  send<void>(commands, "waitUntilCompleted");
  if (send<NSUInteger>(commands, "status") != kStatusCompleted) {
    throw Failure{"run", error_text(send<id>(commands, "error"))};
  }
  return 1e3 * (send<double>(commands, "GPUEndTime") - send<double>(commands, "GPUStartTime"));
}

std::vector<std::string> outputs(const std::vector<BoundBuffer>& buffers) {
  std::vector<std::string> all;
  for (const BoundBuffer& one : buffers) all.emplace_back(contents(one), one.initial.size());
  return all;
}

// ---- the whole request
void run_seeds(id queue, id pipeline, const Request& request, const std::vector<BoundBuffer>& buffers,
               Outcome& outcome) {
  std::vector<std::string> first;
  const NSUInteger seeds = whole(request.one("seeds")[0]);
  for (NSUInteger seed = 1; seed <= seeds; seed++) {
    set("seed", std::to_string(seed));
    fill(buffers);
    outcome.milliseconds.push_back(dispatch(queue, pipeline, request, buffers));
    std::vector<std::string> now = outputs(buffers);
    if (seed == 1) first = now;
    for (size_t i = 0; i < buffers.size(); i++) {
      if (now[i] == first[i]) continue;
      throw Failure{"run", "buffer " + std::to_string(buffers[i].index) + " differs between seeds 1 and " +
                               std::to_string(seed)};
    }
  }
}

void run(const Request& request, Outcome& outcome) {
  Pool pool;
  for (const Words& setting : request.all("set")) set(setting[0], setting[1]);
  Owned device(MTLCreateSystemDefaultDevice());
  if (!device) throw Failure{"device", "no device"};
  Owned pipeline = make_pipeline(device.get(), request);
  Owned queue(send<id>(device.get(), "newCommandQueue"));
  std::vector<BoundBuffer> buffers = make_buffers(device.get(), request);
  fill(buffers);
  if (whole(request.one("seeds")[0]) > 0) {
    run_seeds(queue.get(), pipeline.get(), request, buffers, outcome);
  } else {
    for (NSUInteger i = whole(request.one("repeat")[0]); i > 0; i--) {
      outcome.milliseconds.push_back(dispatch(queue.get(), pipeline.get(), request, buffers));
    }
  }
  for (const BoundBuffer& one : buffers) {
    std::ofstream(one.file, std::ios::binary)
        .write(contents(one), static_cast<std::streamsize>(one.initial.size()));
  }
}

std::string device_name() {
  Pool pool;
  Owned device(MTLCreateSystemDefaultDevice());
  return device ? text(send<id>(device.get(), "name")) : "";
}

void print(const Outcome& outcome) {
  std::string times;
  for (double time : outcome.milliseconds) times += (times.empty() ? "" : ",") + std::to_string(time);
  std::printf("{\"stage\":%s,\"error\":%s,", json_string(outcome.stage).c_str(),
              outcome.error.empty() ? "null" : json_string(outcome.error).c_str());
  std::printf("\"device\":%s,\"compiler\":%s,", json_string(device_name()).c_str(),
              json_string(softmetal_compiler()).c_str());
  std::printf("\"milliseconds\":[%s],\"reports\":%s,", times.c_str(), softmetal_reports());
  std::printf("\"counts\":%s}\n", softmetal_counts_by_kernel());
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count != 2) throw std::runtime_error("expected the file of a request");
    Request request(words[1]);
    Outcome outcome;
    try {
      run(request, outcome);
    } catch (const Failure& failure) {
      outcome.stage = failure.stage;
      outcome.error = failure.message.empty() ? "failed" : failure.message;
    }
    print(outcome);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "softmetal-run: %s\n", error.what());
    return 2;
  }
}
