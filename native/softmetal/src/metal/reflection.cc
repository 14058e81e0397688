// MTLComputePipelineReflection: what a kernel's arguments are. MTLArgument and MTLBinding differ in names
// only.
#include "metal/pipeline.h"
#include "metal/property.h"

namespace softmetal {
namespace {

constexpr char kReflection[] = "MTLComputePipelineReflection";
constexpr char kArgument[] = "MTLArgument";
enum ArgumentType : uint64_t { kBufferArgument, kThreadgroupArgument };
enum ArgumentAccess : uint64_t { kReadOnly, kReadWrite };

struct Argument : Object {
  explicit Argument(const sm_argument& argument)
      : Object(class_named(kArgument)),
        name(argument.name),
        index(argument.index),
        type(argument.kind == SM_ARGUMENT_BUFFER ? kBufferArgument : kThreadgroupArgument),
        access(argument.flags & SM_ARGUMENT_WRITABLE ? kReadWrite : kReadOnly),
        size(argument.size),
        alignment(argument.alignment) {}
  std::string name;
  uint64_t index;
  ArgumentType type;
  ArgumentAccess access;
  uint64_t size, alignment;  // of what it points at
};

struct Reflection : Object {
  explicit Reflection(Ref<Array> arguments)
      : Object(class_named(kReflection)), arguments(std::move(arguments)) {}
  Ref<Array> arguments;
};

}  // namespace

Object* reflection_of(const LoadedKernel& kernel) {
  std::vector<Object*> arguments;
  for (sm_uint i = 0; i < kernel.table->argument_count; ++i) {
    const sm_argument& argument = kernel.table->arguments[i];
    if (argument.kind != SM_ARGUMENT_BUFFER && argument.kind != SM_ARGUMENT_THREADGROUP) continue;
    arguments.push_back(autoreleased(Ref<Argument>::adopt(new Argument(argument))));
  }
  auto array = Ref<Array>::adopt(new Array(arguments));
  return autoreleased(Ref<Reflection>::adopt(new Reflection(std::move(array))));
}

void register_reflection() {
  add_getter<&Reflection::arguments>(kReflection, "arguments");
  add_getter<&Reflection::arguments>(kReflection, "bindings");
  add_getter<&Argument::name>(kArgument, "name");
  add_getter<&Argument::index>(kArgument, "index");
  add_getter<&Argument::type>(kArgument, "type");
  add_getter<&Argument::access>(kArgument, "access");
  for (const char* used : {"isActive", "isUsed", "isArgument"}) {
    add_method(kArgument, used, +[](Argument*, Selector) { return true; });
  }
  for (const char* size : {"bufferDataSize", "threadgroupMemoryDataSize"}) {
    add_getter<&Argument::size>(kArgument, size);
  }
  for (const char* alignment : {"bufferAlignment", "threadgroupMemoryAlignment"}) {
    add_getter<&Argument::alignment>(kArgument, alignment);
  }
}

}  // namespace softmetal
