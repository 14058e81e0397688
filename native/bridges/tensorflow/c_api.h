// The part of TensorFlow's C interface that we call, declared by us: no TensorFlow header is needed to build,
// and one binary serves every TensorFlow from 2.7 on. The names are TensorFlow's own; they live in our
// namespace.
#pragma once
#include <cstddef>
#include <cstdint>

namespace fa::tensorflow {

struct TF_Status;
struct TF_Tensor;
struct TF_OpDefinitionBuilder;
struct TF_ShapeInferenceContext;
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;

enum TF_Code : int {
  TF_OK = 0,
  TF_INVALID_ARGUMENT = 3,
  TF_RESOURCE_EXHAUSTED = 8,
  TF_UNIMPLEMENTED = 12,
  TF_INTERNAL = 13,
};

enum TF_DataType : int { TF_FLOAT = 1, TF_INT32 = 3, TF_BOOL = 10 };

using CreateKernel = void* (*)(TF_OpKernelConstruction*);
using ComputeKernel = void (*)(void*, TF_OpKernelContext*);
using DeleteKernel = void (*)(void*);
using InferShapes = void (*)(TF_ShapeInferenceContext*, TF_Status*);

// clang-format off
// X(name, result, arguments)
#define FA_TENSORFLOW_SYMBOLS(X)                                                                                  \
  X(TF_NewStatus, TF_Status*, ())                                                                                 \
  X(TF_DeleteStatus, void, (TF_Status*))                                                                          \
  X(TF_SetStatus, void, (TF_Status*, TF_Code, const char*))                                                       \
  X(TF_GetCode, TF_Code, (const TF_Status*))                                                                      \
  X(TF_Message, const char*, (const TF_Status*))                                                                  \
  X(TF_DeleteTensor, void, (TF_Tensor*))                                                                          \
  X(TF_TensorType, TF_DataType, (const TF_Tensor*))                                                               \
  X(TF_NumDims, int, (const TF_Tensor*))                                                                          \
  X(TF_Dim, int64_t, (const TF_Tensor*, int))                                                                     \
  X(TF_TensorByteSize, size_t, (const TF_Tensor*))                                                                \
  X(TF_TensorData, void*, (const TF_Tensor*))                                                                     \
  X(TF_NewOpDefinitionBuilder, TF_OpDefinitionBuilder*, (const char*))                                            \
  X(TF_OpDefinitionBuilderAddInput, void, (TF_OpDefinitionBuilder*, const char*))                                 \
  X(TF_OpDefinitionBuilderAddOutput, void, (TF_OpDefinitionBuilder*, const char*))                                \
  X(TF_OpDefinitionBuilderAddAttr, void, (TF_OpDefinitionBuilder*, const char*))                                  \
  X(TF_OpDefinitionBuilderSetShapeInferenceFunction, void, (TF_OpDefinitionBuilder*, InferShapes))                \
  X(TF_ShapeInferenceContextSetUnknownShape, void, (TF_ShapeInferenceContext*, TF_Status*))                       \
  X(TF_RegisterOpDefinition, void, (TF_OpDefinitionBuilder*, TF_Status*))                                         \
  X(TF_NewKernelBuilder, TF_KernelBuilder*, (const char*, const char*, CreateKernel, ComputeKernel, DeleteKernel)) \
  X(TF_RegisterKernelBuilder, void, (const char*, TF_KernelBuilder*, TF_Status*))                                 \
  X(TF_OpKernelConstruction_GetAttrInt64, void, (TF_OpKernelConstruction*, const char*, int64_t*, TF_Status*))    \
  X(TF_OpKernelConstruction_GetAttrSize, void,                                                                    \
    (TF_OpKernelConstruction*, const char*, int32_t*, int32_t*, TF_Status*))                                      \
  X(TF_OpKernelConstruction_GetAttrString, void,                                                                  \
    (TF_OpKernelConstruction*, const char*, char*, size_t, TF_Status*))                                           \
  X(TF_OpKernelConstruction_Failure, void, (TF_OpKernelConstruction*, TF_Status*))                                \
  X(TF_OpKernelContext_Failure, void, (TF_OpKernelContext*, TF_Status*))                                          \
  X(TF_NumInputs, int, (TF_OpKernelContext*))                                                                     \
  X(TF_GetInput, void, (TF_OpKernelContext*, int, TF_Tensor**, TF_Status*))                                       \
  X(TF_AllocateOutput, TF_Tensor*,                                                                                \
    (TF_OpKernelContext*, int, TF_DataType, const int64_t*, int, size_t, TF_Status*))
// clang-format on

/// The functions, found at run time in the TensorFlow that the process has already loaded.
struct CApi {
#define FA_TENSORFLOW_FIELD(name, result, arguments) result(*name) arguments = nullptr;
  FA_TENSORFLOW_SYMBOLS(FA_TENSORFLOW_FIELD)
#undef FA_TENSORFLOW_FIELD
};

}  // namespace fa::tensorflow
