// Blocks: written by hand as a host without the compiler's extension does, and compiled by clang -fblocks.
#include <dlfcn.h>

#include "check.h"
#include "compile/files.h"
#include "compile/process.h"
#include "compile/toolchain.h"
#include "objc/block.h"
#include "objc/class.h"
#include "objc/object.h"
#include "report/report.h"
#include "temporary.h"

using namespace softmetal;

extern "C" {
extern void* _NSConcreteStackBlock[32];
extern void* _NSConcreteGlobalBlock[32];
void* _Block_copy(const void* block);
void _Block_release(const void* block);
void _Block_object_assign(void* place, const void* value, int kind);
void _Block_object_dispose(const void* value, int kind);
void objc_msgSend();
}

namespace {

constexpr const char* kHandler = "v16@?0@8";
constexpr const char* kSelector = "addCompletedHandler:";

struct Counting {  // a captured value that sees its copies
  int copies = 0, disposals = 0;
};
struct HandBlock {
  BlockLiteral head;
  int* seen;
  Counting* counting;
};
struct PlainDescriptor {
  unsigned long reserved, size;
  const char* signature;
};
struct CopyingDescriptor {
  unsigned long reserved, size;
  void (*copy)(void* to, const void* from);
  void (*dispose)(const void* block);
  const char* signature;
};

void invoked(HandBlock* block, Object* argument) { *block->seen = argument ? 2 : 1; }

PlainDescriptor plain = {0, sizeof(HandBlock), kHandler};
CopyingDescriptor copying = {
    0, sizeof(HandBlock), [](void* to, const void*) { static_cast<HandBlock*>(to)->counting->copies++; },
    [](const void* block) { static_cast<const HandBlock*>(block)->counting->disposals++; }, kHandler};

HandBlock make_block(int flags, void* descriptor, int* seen, Counting* counting = nullptr) {
  return {{_NSConcreteStackBlock, flags, 0, reinterpret_cast<void (*)()>(&invoked),
           static_cast<BlockDescriptor*>(descriptor)},
          seen,
          counting};
}

std::string refusal_of(const void* block, const char* wanted = kHandler) {
  ReportLog::shared().clear();
  if (copy_block(block, wanted, kSelector)) return "accepted";
  auto reports = ReportLog::shared().all();
  ReportLog::shared().clear();
  if (reports.size() != 1 || reports[0].kind != ReportKind::kObject) return "no report";
  return reports[0].message;
}

TEST("what a stack block captured outlives the stack") {
  int seen = 0;
  BlockLiteral* copy;
  {
    HandBlock block = make_block(kBlockHasSignature, &plain, &seen);
    copy = copy_block(&block, kHandler, kSelector);
    std::memset(static_cast<void*>(&block), 0xee, sizeof block);
  }
  invoke_block(copy, static_cast<Object*>(nullptr));
  CHECK_EQUAL(seen, 1);
  release_block(copy);
}

TEST("copy and dispose helpers run once, however often a copy is retained") {
  int seen = 0;
  Counting counting;
  HandBlock block = make_block(kBlockHasSignature | kBlockHasCopy, &copying, &seen, &counting);
  BlockLiteral* copy = copy_block(&block, kHandler, kSelector);
  CHECK(static_cast<void*>(copy) != &block);
  CHECK(_Block_copy(copy) == copy);
  CHECK(copy_block(copy, kHandler, kSelector) == copy);
  _Block_release(copy);
  _Block_release(copy);
  CHECK_EQUAL(counting.disposals, 0);
  invoke_block(copy, static_cast<Object*>(nullptr));
  CHECK_EQUAL(seen, 1);
  release_block(copy);
  CHECK(counting.copies == 1 && counting.disposals == 1);
}

TEST("a global block is never copied") {
  int seen = 0;
  HandBlock block = make_block(kBlockIsGlobal | kBlockHasSignature, &plain, &seen);
  block.head.isa = _NSConcreteGlobalBlock;
  CHECK(static_cast<void*>(copy_block(&block, kHandler, kSelector)) == &block);
  CHECK(_Block_copy(&block) == &block);
  release_block(&block.head);
  _Block_release(&block);
}

TEST("a block with no signature is taken, for the ABI allows it; nil stays nil") {
  int seen = 0;
  HandBlock block = make_block(0, &plain, &seen);
  BlockLiteral* copy = copy_block(&block, kHandler, kSelector);
  CHECK(copy != nullptr);
  release_block(copy);
  CHECK(copy_block(nullptr, kHandler, kSelector) == nullptr);
  CHECK(_Block_copy(nullptr) == nullptr);
}

TEST("another signature than the method's is refused") {
  int seen;
  HandBlock block = make_block(kBlockHasSignature, &plain, &seen);
  CHECK_EQUAL(refusal_of(&block, "v24@?0^v8Q16"),
              "the block given to addCompletedHandler: cannot be used: its signature is v16@?0@8, wanted is "
              "v24@?0^v8Q16");
}

TEST("a signature behind helpers that are not there is refused: flag 1 << 25 moves it") {
  int seen;
  // The descriptor has no copy and dispose, the flags say that it has: and the other way round.
  struct {
    PlainDescriptor descriptor = plain;
    void* behind[3] = {};
  } padded;
  HandBlock block = make_block(kBlockHasSignature | kBlockHasCopy, &padded, &seen);
  CHECK_CONTAINS(refusal_of(&block), "copy and dispose helpers");
  block = make_block(kBlockHasSignature, &copying, &seen);
  CHECK_CONTAINS(refusal_of(&block), "no signature where its flags say there is one");
}

TEST("wrong isa, flags, size, code and descriptor are refused") {
  int seen;
  HandBlock good = make_block(kBlockHasSignature, &plain, &seen), bad = good;
  bad.head.isa = nullptr;
  CHECK_CONTAINS(refusal_of(&bad), "its isa is none of the block classes");
  bad = good;
  bad.head.flags |= kBlockIsGlobal;
  CHECK_CONTAINS(refusal_of(&bad), "its flags do not fit its isa");
  bad = good;
  bad.head.flags |= kBlockOnHeap;
  CHECK_CONTAINS(refusal_of(&bad), "its flags do not fit its isa");
  bad = good;
  bad.head.invoke = nullptr;
  CHECK_CONTAINS(refusal_of(&bad), "nothing to invoke");
  bad = good;
  bad.head.descriptor = reinterpret_cast<BlockDescriptor*>(0x10);
  CHECK_CONTAINS(refusal_of(&bad), "no descriptor");
  PlainDescriptor small = {0, 16, kHandler};
  bad = make_block(kBlockHasSignature, &small, &seen);
  CHECK_CONTAINS(refusal_of(&bad), "its descriptor's size is 16");
  PlainDescriptor wild = {0, sizeof(HandBlock), reinterpret_cast<const char*>(0x10)};
  bad = make_block(kBlockHasSignature, &wild, &seen);
  CHECK_CONTAINS(refusal_of(&bad), "no signature where its flags say");
  CHECK_CONTAINS(refusal_of(reinterpret_cast<void*>(0x10)), "not readable memory");
}

TEST("a block is an object: it answers messages") {
  int seen = 0;
  Counting counting;
  HandBlock block = make_block(kBlockHasSignature | kBlockHasCopy, &copying, &seen, &counting);
  auto send = [](const void* object, const char* selector) {
    auto message = reinterpret_cast<void* (*)(const void*, Selector)>(&objc_msgSend);
    return message(object, selector_named(selector));
  };
  void* copy = send(&block, "copy");
  CHECK(copy && copy != &block);
  CHECK(send(copy, "retain") == copy);
  send(copy, "release");
  CHECK_EQUAL(counting.disposals, 0);
  send(copy, "release");
  CHECK_EQUAL(counting.disposals, 1);
}

TEST("_Block_copy of something else is reported") {
  long nothing[8] = {};
  ReportLog::shared().clear();
  CHECK(_Block_copy(nothing) == nullptr);
  CHECK_EQUAL(ReportLog::shared().all().size(), 1u);
  ReportLog::shared().clear();
}

TEST("what a block captures is kept and let go by its kind") {
  enum { kObject = 3, kBlock = 7, kInsideVariable = 128 };
  struct Captured : Object {
    Captured() : Object(class_named("Captured")) {}
  };
  Object* object = new Captured;
  void* place = nullptr;
  _Block_object_assign(&place, object, kObject);
  CHECK(place == object && object->references == 2);
  _Block_object_dispose(place, kObject);
  _Block_object_assign(&place, object, kInsideVariable | kObject);
  CHECK(place == object && object->references == 1);
  _Block_object_dispose(place, kInsideVariable | kObject);
  CHECK_EQUAL(object->references.load(), 1);
  release(object);

  int seen = 0;
  Counting counting;
  HandBlock block = make_block(kBlockHasSignature | kBlockHasCopy, &copying, &seen, &counting);
  _Block_object_assign(&place, &block, kBlock);
  CHECK(place != &block && counting.copies == 1);
  _Block_object_dispose(place, kBlock);
  CHECK_EQUAL(counting.disposals, 1);
}

// ---- compiled by clang
const char* const kBlocks = R"(
typedef int (*Count)(void);
typedef void (^Handler)(void* buffer);
typedef int (^Number)(void);
extern void* _Block_copy(const void*);
extern void _Block_release(const void*);
static int called;
int times_called(void) { return called; }

Handler global_handler(void) { return ^(void* buffer) { called += buffer ? 100 : 1000; }; }
void with_stack_handler(void (*use)(void* block), int amount) {
  use(^(void* buffer) { called += amount; });
}
// A __block variable and a block inside a block, seen after their scope has gone.
Number counter(int start) {
  __block int count = start;
  Number step = ^{ return ++count; };
  Number twice = ^{ step(); return step(); };
  return (Number)_Block_copy(twice);
}
int call_number(Number number) { return number(); }
)";

struct CompiledBlocks {
  CompiledBlocks() {
    Toolchain tools = find_toolchain();
    if (!tools.failure.empty()) throw std::runtime_error(tools.failure);
    std::string source = folder.path + "/blocks.c", object = folder.path + "/blocks.o",
                image = folder.path + "/blocks.so";
    write_file(source, kBlocks);
    auto run = [](std::vector<std::string> words, std::initializer_list<std::string> more) {
      words.insert(words.end(), more);
      ProcessResult result = run_process(words);
      if (result.status) throw std::runtime_error(result.error);
    };
    run(tools.clang, {"-x", "c", "-fblocks", "-fPIC", "-O1", "-nostdinc", std::string("--target=") + kTarget,
                      "-c", source, "-o", object});
    run(tools.linker, {"-m", kLinkerEmulation, "-shared", object, "-o", image});
    handle = dlopen(image.c_str(), RTLD_NOW);
    if (!handle) throw std::runtime_error(dlerror());
  }
  template <class Function>
  Function find(const char* name) {
    return reinterpret_cast<Function>(dlsym(handle, name));
  }
  FolderForTest folder;
  void* handle = nullptr;
};

BlockLiteral* kept = nullptr;

TEST("blocks compiled by clang -fblocks") {
  CompiledBlocks code;
  auto times_called = code.find<int (*)()>("times_called");
  BlockLiteral* global = copy_block(code.find<void* (*)()>("global_handler")(), "v@?^v", kSelector);
  CHECK(global && global->flags & kBlockIsGlobal);
  invoke_block(global, static_cast<void*>(&code));
  CHECK_EQUAL(times_called(), 100);

  code.find<void (*)(void (*)(void*), int)>("with_stack_handler")(
      [](void* block) { kept = copy_block(block, kHandler, kSelector); }, 7);
  invoke_block(kept, static_cast<Object*>(nullptr));
  CHECK_EQUAL(times_called(), 107);
  release_block(kept);
  CHECK_CONTAINS(refusal_of(global, "v24@?0@8@16"), "its signature is v16@?0^v8");

  void* counter = code.find<void* (*)(int)>("counter")(40);
  auto call = code.find<int (*)(void*)>("call_number");
  CHECK_EQUAL(call(counter), 42);
  CHECK_EQUAL(call(counter), 44);
  _Block_release(counter);
}

}  // namespace
