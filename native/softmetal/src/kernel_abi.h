// What a compiled kernel and the engine know of each other. The kernel's side is freestanding: no libc, no
// libstdc++. The engine hands its table over once, so a kernel library has no undefined symbols but those of
// libm.
#pragma once

typedef unsigned int sm_uint;
typedef unsigned long sm_ulong;

enum { SM_ABI_VERSION = 1, SM_LANES = 32, SM_BUFFERS = 31, SM_SLOT_BYTES = 64 };

// Where the shader calls a collective: file and line as the shader's author knows them.
struct sm_place {
  const char* file;
  sm_uint line, column;
};

// One lane's mailbox, and the table of one collective of a simdgroup.
struct sm_slot {
  alignas(SM_SLOT_BYTES) unsigned char bytes[SM_SLOT_BYTES];
};
struct sm_exchange {
  sm_slot lane[SM_LANES];
  sm_uint active;  // bit per lane that took part
};
// Runs once for the whole simdgroup, in the last lane to arrive; reads and writes the table only.
typedef void (*sm_combine)(sm_exchange* table);

// What a collective is, for divergence checks and counts.
enum sm_operation {
  SM_SIMDGROUP_BARRIER,
  SM_SHUFFLE,     // shuffle, broadcast, rotate, quad forms
  SM_REDUCE,      // sum, product, min, max, and, or, xor
  SM_PREFIX,      // inclusive and exclusive scans
  SM_VOTE,        // ballot, all, any, is_first, active mask
  SM_MATRIX_F32,  // 8x8x8 multiply-accumulate, by type of the operands A and B
  SM_MATRIX_F16,
  SM_MATRIX_BF16,
  SM_MATRIX_MEMORY,  // load and store of a matrix
  SM_OPERATION_COUNT
};

enum sm_barrier_scope { SM_SCOPE_SIMDGROUP, SM_SCOPE_THREADGROUP };
enum sm_mem_flags { SM_MEM_NONE = 0, SM_MEM_DEVICE = 1, SM_MEM_THREADGROUP = 2, SM_MEM_TEXTURE = 4 };

// SM_ATOMIC reads and writes (atomicrmw, cmpxchg); atomic loads and stores stand apart, since a load does not
// race with a plain read, and a store needs no value to be there. SM_ZERO_DIVISOR is no access (address null,
// size 0): an integer division by zero is about to be made, and is made by one instead.
enum sm_access_kind { SM_READ, SM_WRITE, SM_ATOMIC, SM_ATOMIC_READ, SM_ATOMIC_WRITE, SM_ZERO_DIVISOR };

struct sm_api {
  void (*barrier)(sm_uint scope, sm_uint flags, const sm_place* place);
  // Copies `size` bytes to the caller's mailbox, waits for every live lane, returns the common table.
  // `combine` may be null.
  sm_exchange* (*exchange)(const void* payload, sm_uint size, sm_uint operation, sm_combine combine,
                           const sm_place* place);
  sm_uint (*lane)(void);
  void* (*static_memory)(void);  // this threadgroup's statically declared variables
  // Instrumented builds call these two. `access` returns the address to use: another one where the access was
  // illegal.
  void* (*access)(void* address, sm_uint size, sm_uint kind, sm_uint site);
  void (*block)(sm_uint block);
  // The caller asked for the value of a lane that does not take part: a finding in validate mode.
  void (*inactive_lane)(sm_uint lane, const sm_place* place);
};

struct sm_group {  // the same for all threads of a threadgroup
  void* buffer[SM_BUFFERS];
  void* threadgroup[SM_BUFFERS];
  sm_uint threadgroup_position[3], threadgroups_per_grid[3];
  sm_uint threads_per_threadgroup[3];           // smaller at the edge of a grid of threads
  sm_uint dispatch_threads_per_threadgroup[3];  // as the host asked
  sm_uint threads_per_grid[3];
  sm_uint simdgroups_per_threadgroup, dispatch_simdgroups_per_threadgroup;
  sm_uint grid_origin[3];
};

struct sm_thread {
  const sm_group* group;
  sm_uint position_in_threadgroup[3], position_in_grid[3];
  sm_uint index_in_threadgroup, simdgroup, lane;
};

enum sm_argument_kind {
  SM_ARGUMENT_BUFFER,
  SM_ARGUMENT_THREADGROUP,
  SM_THREAD_POSITION_IN_GRID,
  SM_THREAD_POSITION_IN_THREADGROUP,
  SM_THREADGROUP_POSITION_IN_GRID,
  SM_THREADS_PER_THREADGROUP,
  SM_DISPATCH_THREADS_PER_THREADGROUP,
  SM_THREADGROUPS_PER_GRID,
  SM_THREADS_PER_GRID,
  SM_GRID_ORIGIN,
  SM_GRID_SIZE,
  SM_THREAD_INDEX_IN_THREADGROUP,
  SM_THREAD_INDEX_IN_SIMDGROUP,
  SM_THREAD_INDEX_IN_QUADGROUP,
  SM_SIMDGROUP_INDEX_IN_THREADGROUP,
  SM_QUADGROUP_INDEX_IN_THREADGROUP,
  SM_SIMDGROUPS_PER_THREADGROUP,
  SM_DISPATCH_SIMDGROUPS_PER_THREADGROUP,
  SM_QUADGROUPS_PER_THREADGROUP,
  SM_THREADS_PER_SIMDGROUP,
  SM_ARGUMENT_ABSENT  // a function constant switched it off
};

enum sm_argument_flags { SM_ARGUMENT_REFERENCE = 1, SM_ARGUMENT_WRITABLE = 2, SM_ARGUMENT_CONSTANT = 4 };

struct sm_argument {
  const char* name;
  sm_uint kind, index;
  sm_uint size, alignment;  // of what it points at; the least length of a reference's buffer
  sm_uint flags;
};

// A variable in threadgroup memory that the kernel declares; `image` is its place in the library's section
// `sm_threadgroup`, whose layout is that of sm_api.static_memory().
struct sm_variable {
  const char* name;
  const unsigned char* image;
  sm_uint size;
};

struct sm_kernel {  // the one symbol a kernel library exports: `sm_kernel_table`
  sm_uint abi_version;
  sm_uint argument_count;
  const sm_argument* arguments;
  void (*entry)(const sm_thread* thread);
  sm_api* api;  // points at the library's own table; the engine fills that in
  sm_uint (*static_threadgroup_bytes)(void);
  sm_uint max_threads;  // [[max_total_threads_per_threadgroup(n)]]; 0 = not given
  const unsigned char* static_image;
  const sm_variable *variables_begin, *variables_end;
};
