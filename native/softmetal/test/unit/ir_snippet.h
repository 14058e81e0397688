// LLVM IR around a few instructions, with places to refer to by !dbg.
#pragma once

#include <string>

#include "compile/instrument.h"

namespace softmetal {

// Places for instructions: kernel.metal:5:7 in kernel() itself, and code inlined there.
inline constexpr const char *kHere = ", !dbg !20", *kInOperator = ", !dbg !21", *kInHelper = ", !dbg !22",
                            *kInDevice = ", !dbg !23", *kInOperatorOfHelper = ", !dbg !24",
                            *kInOperatorOfDevice = ", !dbg !25", *kInAuthorsFunction = ", !dbg !26",
                            *kHereInThunk = ", !dbg !27", *kOtherFile = ", !dbg !30", *kNoLine = ", !dbg !31";

inline constexpr const char* kMetadata = R"(
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!1}
!0 = distinct !DICompileUnit(language: DW_LANG_C_plus_plus_14, file: !2, isOptimized: true, emissionKind: LineTablesOnly)
!1 = !{i32 2, !"Debug Info Version", i32 3}
!2 = !DIFile(filename: "kernel.metal", directory: "/shaders")
!3 = !DIFile(filename: "stdlib/run/vector.h", directory: ".")
!4 = !DIFile(filename: "stdlib/run/detail/matrix_memory.h", directory: ".")
!5 = !DIFile(filename: "stdlib/run/detail/raw_exchange.h", directory: ".")
!6 = !DIFile(filename: "my \22stdlib\22 \5C \C3\A4.metal", directory: "/shaders")
!7 = !DISubroutineType(types: !8)
!8 = !{}
!10 = distinct !DISubprogram(name: "kernel", linkageName: "_Z6kernelv", scope: !2, file: !2, line: 3, type: !7, unit: !0, spFlags: DISPFlagDefinition | DISPFlagOptimized)
!11 = distinct !DISubprogram(name: "operator*", scope: !3, file: !3, line: 29, type: !7, unit: !0, spFlags: DISPFlagDefinition)
!12 = distinct !DISubprogram(name: "load_elements<float>", scope: !4, file: !4, line: 39, type: !7, unit: !0, spFlags: DISPFlagDefinition)
!13 = distinct !DISubprogram(name: "exchange", scope: !5, file: !5, line: 49, type: !7, unit: !0, spFlags: DISPFlagDefinition)
!14 = distinct !DISubprogram(name: "helper<float>", scope: !2, file: !2, line: 1, type: !7, unit: !0, spFlags: DISPFlagDefinition)
!15 = distinct !DILexicalBlock(scope: !10, file: !2, line: 4, column: 3)
!20 = !DILocation(line: 5, column: 7, scope: !15)
!21 = !DILocation(line: 30, column: 1, scope: !11, inlinedAt: !32)
!22 = distinct !DILocation(line: 40, column: 2, scope: !12, inlinedAt: !32)
!23 = distinct !DILocation(line: 50, column: 3, scope: !13, inlinedAt: !32)
!24 = !DILocation(line: 30, column: 1, scope: !11, inlinedAt: !22)
!25 = !DILocation(line: 30, column: 1, scope: !11, inlinedAt: !23)
!26 = !DILocation(line: 2, column: 9, scope: !14, inlinedAt: !32)
!27 = !DILocation(line: 5, column: 7, scope: !10, inlinedAt: !28)
!28 = distinct !DILocation(line: 51, column: 3, scope: !13, inlinedAt: !32)
!29 = !DILexicalBlockFile(scope: !15, file: !6, discriminator: 0)
!30 = !DILocation(line: 77, column: 8, scope: !29)
!31 = !DILocation(line: 0, scope: !10)
!32 = distinct !DILocation(line: 5, column: 7, scope: !10)
)";

inline constexpr const char* kHeader =
    "define void @kernel(ptr %p, ptr %q, i32 %n, i64 %m, float %x) !dbg !10 {\n";

inline Instrumented instrument_module(const std::string& module) { return instrument(module + kMetadata); }

// `body`: instructions of one function, whose arguments are %p, %q, %n, %m, %x; `module`: what stands before
// it.
inline Instrumented instrument_body(const std::string& body, const std::string& module = "") {
  return instrument_module(module + kHeader + body + "  ret void, !dbg !20\n}\n");
}

}  // namespace softmetal
