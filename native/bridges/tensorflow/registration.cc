#include "registration.h"

#include <charconv>
#include <mutex>
#include <vector>

#include "kernels.h"
#include "loader.h"
#include "runtime/error.h"

namespace fa::tensorflow {
namespace {

struct OpenDevice {
  DeviceConfig config;
  std::shared_ptr<Device> device;
};

struct Registry {
  std::mutex mutex;
  bool registered = false;
  std::string forward, backward;
  std::vector<OpenDevice> devices;  ///< open until the process ends: kernels that TensorFlow caches hold them
};

// Never destroyed: TensorFlow's own teardown may still ask for a device.
Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

std::string unique_name(const char* name) {
  static const char kAnchor = 0;
  char digits[2 * sizeof(uintptr_t)];
  const auto address = reinterpret_cast<uintptr_t>(&kAnchor);
  const auto end = std::to_chars(digits, digits + sizeof digits, address, 16).ptr;
  return std::string(name) + "V1x" + std::string(digits, end);
}

// Real shapes come from the kernel: TF_ShapeInferenceContextGetInput rejects good indexes in the releases we
// serve.
void infer_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  c_api().TF_ShapeInferenceContextSetUnknownShape(context, status);
}

void check(TF_Status* status, const std::string& what) {
  const CApi& api = c_api();
  const std::string message = api.TF_GetCode(status) == TF_OK ? "" : api.TF_Message(status);
  api.TF_DeleteStatus(status);
  if (!message.empty()) throw Error(ErrorCode::HOST_INCOMPATIBLE, "", what + ": " + message);
}

struct OpDefinition {
  std::string name;
  std::vector<const char*> outputs, attributes;  ///< attributes besides those that both ops have
  CreateKernel create;
  ComputeKernel compute;
};

void register_op(const OpDefinition& definition) {
  const CApi& api = c_api();
  const std::string& name = definition.name;
  TF_OpDefinitionBuilder* op = api.TF_NewOpDefinitionBuilder(name.c_str());
  for (const char* input :
       {"floats: floatCount * float", "ints: intCount * int32", "bools: boolCount * bool"}) {
    api.TF_OpDefinitionBuilderAddInput(op, input);
  }
  for (const char* output : definition.outputs) api.TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : {"floatCount: int >= 0", "intCount: int >= 0", "boolCount: int >= 0",
                                "inputs: string",   // what each input is, floats first, then ints, then bools
                                "options: string",  // attributes.h
                                "device: int"}) {
    api.TF_OpDefinitionBuilderAddAttr(op, attribute);
  }
  for (const char* attribute : definition.attributes) api.TF_OpDefinitionBuilderAddAttr(op, attribute);
  api.TF_OpDefinitionBuilderSetShapeInferenceFunction(op, infer_shapes);
  TF_Status* status = api.TF_NewStatus();
  api.TF_RegisterOpDefinition(op, status);
  check(status, "registering the op " + name);

  TF_KernelBuilder* kernel =
      api.TF_NewKernelBuilder(name.c_str(), "CPU", definition.create, definition.compute, delete_kernel);
  status = api.TF_NewStatus();
  api.TF_RegisterKernelBuilder(name.c_str(), kernel, status);
  check(status, "registering the kernel of " + name);
}

int64_t open_device(std::vector<OpenDevice>& devices, const DeviceConfig& config) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const DeviceConfig& other = devices[i].config;
    if (other.backend == config.backend && other.device == config.device && other.threads == config.threads &&
        other.isa == config.isa) {
      return static_cast<int64_t>(i);
    }
  }
  devices.push_back({config, Device::open(config)});
  return static_cast<int64_t>(devices.size()) - 1;
}

}  // namespace

Ops register_ops(const DeviceConfig& config) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  c_api();
  const int64_t device = open_device(all.devices, config);
  if (!all.registered) {
    pin_this_binary();
    all.forward = unique_name("FaMetalAttention");
    all.backward = unique_name("FaMetalAttentionGrad");
    // Set first: after a failure half way a second attempt would abort the process.
    all.registered = true;
    register_op({all.forward,
                 {"out: float", "lse: float", "softmax_stats: float"},
                 {},
                 create_forward,
                 compute_forward});
    register_op({all.backward,
                 {"gradients: gradientCount * float"},
                 // `wanted` names the options whose gradients follow dq, dk, dv (attributes.h).
                 {"gradientCount: int >= 3", "wanted: string"},
                 create_backward,
                 compute_backward});
  }
  return {all.forward, all.backward, device};
}

std::shared_ptr<Device> device_at(int64_t index) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  if (index < 0 || index >= static_cast<int64_t>(all.devices.size())) {
    throw Error(ErrorCode::INTERNAL, "", "no device " + std::to_string(index));
  }
  return all.devices[static_cast<size_t>(index)].device;
}

}  // namespace fa::tensorflow
