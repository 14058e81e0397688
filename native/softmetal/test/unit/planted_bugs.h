// Small kernels with one bug each, there when BUG is defined. `// HERE` marks the line of the report and
// `// OTHER` the line of its note.
#pragma once

struct PlantedBug {
  const char* name;
  const char* slug;
  const char* source;
};

// Every kernel is given in (64 floats, buffer 0), out (64 floats, buffer 1), params (4 floats by setBytes,
// buffer 2), bins (64 uints, buffer 3), 256 bytes for threadgroup(0) and 64 for threadgroup(1); 64 threads in
// each of two threadgroups.
inline const PlantedBug kPlantedBugs[] = {
    {"the barrier after filling a tile is missing", "threadgroup-race", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              threadgroup float* tile [[threadgroup(0)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  tile[t] = in[t];  // OTHER
#ifndef BUG
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  float other = tile[63 - t];  // HERE
  if (g == 0) out[t] = other;
})"},
    {"a barrier without flags orders nothing", "threadgroup-race", R"(
#ifdef BUG
#define FLAGS mem_flags::mem_none
#else
#define FLAGS mem_flags::mem_threadgroup
#endif
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup half tile[64];
  tile[t] = half(t);  // OTHER
  threadgroup_barrier(FLAGS);
  half other = tile[(t + 1) % 64];  // HERE
  if (g == 0) out[t] = other;
})"},
    {"a simdgroup barrier does not reach the other simdgroup", "threadgroup-race", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[64];
  tile[t] = t;  // OTHER
#ifdef BUG
  simdgroup_barrier(mem_flags::mem_threadgroup);
#else
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  float other = tile[t ^ 32];  // HERE
  if (g == 0) out[t] = other;
})"},
    {"lanes do not run in step: a simdgroup barrier is missing", "threadgroup-race", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[64];
  tile[t] = t;  // OTHER
#ifndef BUG
  simdgroup_barrier(mem_flags::mem_threadgroup);
#endif
  float other = tile[t ^ 1];  // HERE
  if (g == 0) out[t] = other;
})"},
    {"the next round overwrites what others still read", "threadgroup-race", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[64];
  float sum = 0;
  for (uint round = 0; round < 3; round++) {
    tile[t] = in[t] * round;  // OTHER
    threadgroup_barrier(mem_flags::mem_threadgroup);
    sum += tile[(t + round) % 64];  // HERE
#ifndef BUG
    threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  }
  if (g == 0) out[t] = sum;
})"},
    {"a fragment is stored and loaded by others at once", "threadgroup-race", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint s [[simdgroup_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[64];
  simdgroup_float8x8 m = simdgroup_float8x8(2.0f);
  if (s == 0) simdgroup_store(m, tile, 8);  // OTHER
#ifndef BUG
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  float other = tile[t];  // HERE
  if (g == 0) out[t] = other;
})"},
    {"a counter in threadgroup memory is read before the atomics are done", "threadgroup-race", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup atomic_uint count;
  if (t == 0) atomic_store_explicit(&count, 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  atomic_fetch_add_explicit(&count, t, memory_order_relaxed);  // OTHER
#ifndef BUG
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  uint all = *(threadgroup uint*)&count;  // HERE
  if (g == 0) out[t] = all;
})"},
    {"half of the tile is never written", "uninitialized", R"(
#ifdef BUG
constant constexpr uint FILLED = 32;
#else
constant constexpr uint FILLED = 64;
#endif
kernel void f(device float* out [[buffer(1)]], threadgroup float2* tile [[threadgroup(0)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
  if (t < FILLED) ((threadgroup float*)tile)[t] = t;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  float2 pair = tile[t / 2];  // HERE
  if (g == 0) out[t] = pair.x + pair.y;
})"},
    {"a threadgroup counter starts from what was there", "uninitialized", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup atomic_uint count;
#ifndef BUG
  if (t == 0) atomic_store_explicit(&count, 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  uint before = atomic_fetch_add_explicit(&count, 1u, memory_order_relaxed);  // HERE
  if (g == 0) out[before % 64] = t;
})"},
    {"a stencil reads one element past the end", "out-of-bounds", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  uint right = t + 1;
#else
  uint right = min(t + 1, 63u);
#endif
  float sum = in[t] + in[right];  // HERE
  if (g == 0) out[t] = sum;
})"},
    {"a half is written behind the end", "out-of-bounds", R"(
kernel void f(device half* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  uint i = t * 2 + 1 + t / 63;
#else
  uint i = t * 2 + 1;
#endif
  if (g == 0) out[i] = half(t);  // HERE
})"},
    {"an index wraps around below zero", "out-of-bounds", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  uint left = t - 1;
#else
  uint left = max(t, 1u) - 1;
#endif
  float value = in[left];  // HERE
  if (g == 0) out[t] = value;
})"},
    {"a threadgroup argument is overrun into the next", "out-of-bounds", R"(
kernel void f(device float* out [[buffer(1)]], threadgroup float* tile [[threadgroup(0)]],
              threadgroup float* rest [[threadgroup(1)]], uint t [[thread_index_in_threadgroup]]) {
#ifdef BUG
  tile[t + t / 63] = 0;  // HERE
#else
  tile[t] = 0;
#endif
  if (t < 16) rest[t] = 1;
})"},
    {"a threadgroup array is accessed before its start", "out-of-bounds", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              device const int* back [[buffer(3)]], uint g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[64];
#ifdef BUG
  tile[int(t) - 1 - back[0]] = t;  // HERE
#else
  tile[t] = t;
#endif
  if (g == 0) out[t] = t;
})"},
    {"a table of constants is read behind its end", "out-of-bounds", R"(
kernel void f(device float* out [[buffer(1)]], constant float* table [[buffer(2)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  float value = table[t % 5];  // HERE
#else
  float value = table[t % 4];
#endif
  if (g == 0) out[t] = value;
})"},
    {"a fragment is loaded from where only half of it is", "out-of-bounds", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint g [[threadgroup_position_in_grid]], uint s [[simdgroup_index_in_threadgroup]]) {
  simdgroup_float8x8 m;
#ifdef BUG
  simdgroup_load(m, in + 4, 8);  // HERE
#else
  simdgroup_load(m, in, 8);
#endif
  if (g == 0 && s == 0) simdgroup_store(m, out, 8);
})"},
    {"float4 is read where only float is aligned", "misaligned", R"(
kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  float4 four = *(device const float4*)(in + t % 16 + 1);  // HERE
#else
  float4 four = float4(*(device const packed_float4*)(in + t % 16 + 1));
#endif
  if (g == 0) out[t] = dot(four, four);
})"},
    {"constant memory is written through a cast", "write-to-constant", R"(
kernel void f(device float* out [[buffer(1)]], constant float* table [[buffer(2)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  if (t == 5 && g == 0) *(device float*)(&table[1]) = 2;  // HERE
#endif
  if (g == 0) out[t] = table[1];
})"},
    {"threads exchange through device memory without mem_device", "device-race", R"(
#ifdef BUG
#define FLAGS mem_flags::mem_threadgroup
#else
#define FLAGS mem_flags::mem_device
#endif
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  if (g > 0) return;
  out[t] = t;  // OTHER
  threadgroup_barrier(FLAGS);
  float other = out[63 - t];  // HERE
  threadgroup_barrier(FLAGS);
  out[t] = other;
})"},
    {"threadgroups share a sum without atomics", "grid-race", R"(
kernel void f(device float* out [[buffer(1)]], device atomic_uint* bins [[buffer(3)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  if (t == 0) ((device uint*)bins)[7] = g;  // HERE OTHER
#else
  if (t == 0) atomic_fetch_add_explicit(&bins[7], g, memory_order_relaxed);
#endif
})"},
    {"a threadgroup reads what another one writes", "grid-race", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  uint mine = g * 32 + t % 32, other = (g * 32 + t % 32 + 32) % 64;
#else
  uint mine = g * 32 + t % 32, other = mine;
#endif
  if (t >= 32) return;
  out[mine] = 1;             // OTHER
  float value = out[other];  // HERE
  if (value == 3) out[mine] = 2;
})"},
    {"a divisor is zero", "integer-division", R"(
kernel void f(device float* out [[buffer(1)]], device const uint* bins [[buffer(3)]],
              uint t [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
#ifdef BUG
  uint parts = bins[t];
#else
  uint parts = max(bins[t], 1u);
#endif
  uint share = 100 / parts;  // HERE
  if (g == 0) out[t] = share;
})"},
};

// Correct, though close to what is not.
inline const PlantedBug kCleanKernels[] = {
    {"neighbouring bytes and halves, in threadgroup and device memory", "", R"(
kernel void f(device uchar* out [[buffer(1)]], device half* halves [[buffer(3)]], uint i [[thread_position_in_grid]],
              uint t [[thread_index_in_threadgroup]]) {
  threadgroup uchar bytes[64];
  threadgroup half small[64];
  bytes[t] = uchar(t);
  small[t] = half(t);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  out[i] = bytes[63 - t];
  halves[i] = small[63 - t];
})"},
    {"copies of structs with padding", "", R"(
struct Item {
  float3 direction;
  uchar tag;
  float weight;
};
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup Item items[64];
  threadgroup float3 points[64];
  Item item;
  item.direction = float3(t);
  item.tag = uchar(t);
  item.weight = t;
  items[t] = item;
  points[t] = float3(1, 2, t);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  Item other = items[63 - t];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  points[t] = points[t] + other.direction;
  items[t] = other;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  threadgroup Item& last = items[(t + 1) % 64];
  if (g == 0) out[t] = last.weight + last.direction.x + last.tag + points[t].z;
})"},
    {"a histogram in threadgroup memory, merged by device atomics", "", R"(
kernel void f(device const float* in [[buffer(0)]], device atomic_uint* bins [[buffer(3)]],
              uint t [[thread_index_in_threadgroup]]) {
  threadgroup atomic_uint counts[16];
  if (t < 16) atomic_store_explicit(&counts[t], 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  atomic_fetch_add_explicit(&counts[uint(abs(in[t])) % 16], 1u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (t < 16) {
    uint count = atomic_load_explicit(&counts[t], memory_order_relaxed);
    atomic_fetch_add_explicit(&bins[t], count, memory_order_relaxed);
  }
})"},
    {"a broadcast word that each simdgroup writes in turn", "", R"(
kernel void f(device float* out [[buffer(1)]], uint t [[thread_index_in_threadgroup]],
              uint s [[simdgroup_index_in_threadgroup]], uint lane [[thread_index_in_simdgroup]],
              uint g [[threadgroup_position_in_grid]]) {
  threadgroup float word[2];
  float sum = 0;
  for (uint round = 0; round < 4; round++) {
    if (lane == round) word[s] = round;
    simdgroup_barrier(mem_flags::mem_threadgroup);
    sum += word[s];
    simdgroup_barrier(mem_flags::mem_threadgroup);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  sum += word[1 - s];
  if (g == 0) out[t] = sum;
})"},
};
