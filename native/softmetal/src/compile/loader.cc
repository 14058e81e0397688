#include "compile/loader.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace softmetal {
namespace {

struct Image {
  uintptr_t base;
  uintptr_t begin = 0, end = 0;
};

int find_range(dl_phdr_info* info, size_t, void* wanted) {
  Image& image = *static_cast<Image*>(wanted);
  if (info->dlpi_addr != image.base) return 0;
  image.begin = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD) continue;
    image.begin = std::min<uintptr_t>(image.begin, image.base + part.p_vaddr);
    image.end = std::max<uintptr_t>(image.end, image.base + part.p_vaddr + part.p_memsz);
  }
  return 1;
}

std::string without_path(std::string message, const std::string& file) {
  size_t at = message.find(file);
  if (at != std::string::npos) message.erase(at, file.size());
  if (message.starts_with(": ")) message.erase(0, 2);
  return message;
}

}  // namespace

std::string demangled(const std::string& symbol) {
  if (!symbol.starts_with("_Z")) return symbol;
  int status = 0;
  char* name = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 && name ? name : symbol;
  std::free(name);
  return result;
}

std::string load_image(const std::string& file, LoadedKernel& kernel) {
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return without_path(dlerror(), file);
  kernel.table = static_cast<const sm_kernel*>(dlsym(handle, "sm_kernel_table"));
  if (!kernel.table || kernel.table->abi_version != SM_ABI_VERSION) {
    dlclose(handle);
    kernel.table = nullptr;
    return "it has no kernel table of this version";
  }
  link_map* map = nullptr;
  dlinfo(handle, RTLD_DI_LINKMAP, &map);
  Image image{map->l_addr};
  dl_iterate_phdr(find_range, &image);
  kernel.image_begin = reinterpret_cast<const void*>(image.begin);
  kernel.image_end = reinterpret_cast<const void*>(image.end);
  for (sm_uint i = 0; i < kernel.table->argument_count; ++i) {
    const char* name = kernel.table->arguments[i].name;
    kernel.argument_names.push_back(name ? name : "");
  }
  return "";
}

}  // namespace softmetal
