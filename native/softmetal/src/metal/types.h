// Plain structs and enumerators of Metal's interface, with their values there.
#pragma once

#include <cstdint>

#include "objc/encoding.h"

namespace softmetal {

struct Size {  // MTLSize
  uint64_t width, height, depth;
  uint64_t count() const { return width * height * depth; }
};
struct IndexRange {  // NSRange
  uint64_t location, length;
};
struct SizeAndAlign {  // MTLSizeAndAlign
  uint64_t size, align;
};

template <>
struct StructEncoding<Size> {
  static constexpr const char* text = "{?=QQQ}";
};
template <>
struct StructEncoding<IndexRange> {
  static constexpr const char* text = "{_NSRange=QQ}";
};
template <>
struct StructEncoding<SizeAndAlign> {
  static constexpr const char* text = "{?=QQ}";
};

enum class StorageMode : uint64_t { kShared, kManaged, kPrivate, kMemoryless };
enum class HazardTracking : uint64_t { kDefault, kUntracked, kTracked };

// MTLResourceOptions: three fields in one word.
struct ResourceOptions {
  uint64_t bits = 0;
  uint64_t cpu_cache_mode() const { return bits & 15; }
  StorageMode storage() const { return static_cast<StorageMode>(bits >> 4 & 15); }
  HazardTracking hazard_tracking() const { return static_cast<HazardTracking>(bits >> 8 & 3); }
};

enum class DispatchType : uint64_t { kSerial, kConcurrent };
enum BarrierScope : uint64_t { kBarrierBuffers = 1, kBarrierTextures = 2, kBarrierRenderTargets = 4 };

enum class Status : uint64_t { kNotEnqueued, kEnqueued, kCommitted, kScheduled, kCompleted, kError };

// MTLCommandBufferError
enum CommandBufferErrorCode : int64_t {
  kErrorInternal = 1,
  kErrorTimeout = 2,
  kErrorPageFault = 3,
  kErrorOutOfMemory = 8,
  kErrorInvalidResource = 9,
  kErrorDeviceRemoved = 11,
  kErrorStackOverflow = 12,
};
// MTLLibraryError
enum LibraryErrorCode : int64_t {
  kLibraryUnsupported = 1,
  kLibraryInternal = 2,
  kLibraryCompileFailure = 3,
  kLibraryFunctionNotFound = 5,
  kLibraryFileNotFound = 6,
};

constexpr char kLibraryDomain[] = "MTLLibraryErrorDomain";
constexpr char kCommandBufferDomain[] = "MTLCommandBufferErrorDomain";
constexpr char kCounterDomain[] = "MTLCounterErrorDomain";

}  // namespace softmetal
