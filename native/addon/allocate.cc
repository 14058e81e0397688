#include "addon/allocate.h"

#include <cstdlib>
#include <new>

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "addon/error_value.h"
#include "addon/value_reader.h"
#include "error.h"

namespace fa {

namespace {

/// Zeroed pages from the operating system, which gives physical memory only when they are touched.
class Pages {
 public:
  explicit Pages(size_t bytes) : bytes_(bytes) {
#ifdef _WIN32
    data_ = VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
    void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = data == MAP_FAILED ? nullptr : data;
#endif
    if (data_ == nullptr) throw std::bad_alloc();
  }
  ~Pages() {
#ifdef _WIN32
    VirtualFree(data_, 0, MEM_RELEASE);
#else
    munmap(data_, bytes_);
#endif
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void* data() const { return data_; }

 private:
  void* data_;
  size_t bytes_;
};

Napi::Value pages_value(Napi::Env env, size_t bytes) {
  auto* pages = new Pages(bytes);
  napi_value buffer = nullptr;
  const auto free_pages = [](napi_env, void*, void* hint) { delete static_cast<Pages*>(hint); };
  const napi_status status =
      napi_create_external_arraybuffer(env, pages->data(), bytes, free_pages, pages, &buffer);
  if (status == napi_ok) return Napi::Value(env, buffer);
  delete pages;
  // Hosts with a memory cage, such as Electron, take no memory but their own; that works, with a copy on a
  // GPU.
  if (status == napi_no_external_buffers_allowed) return Napi::ArrayBuffer::New(env, bytes);
  throw Napi::Error::New(env);
}

}  // namespace

Napi::Value allocate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const OpScope op("alloc");
    const int64_t bytes = read_integer("bytes", info[0], "a byte count");
    if (bytes < 0) refuse_value("bytes", "a byte count", info[0]);
    if (bytes == 0) return Napi::ArrayBuffer::New(info.Env(), 0);
    return pages_value(info.Env(), static_cast<size_t>(bytes));
  });
}

}  // namespace fa
