{
  # Lives below native/ because pnpm would run node-gyp by itself for a package with this file at its root.
  "variables": {
    "onnxruntime_headers": "<!(node inputs.mjs onnxruntime-headers)",
    "kernel_flags": [
      "-O3",
      "-std=c++20",
      "-ffp-contract=fast",
      "-fno-math-errno",
      "-fno-trapping-math",
      "-fvisibility=hidden",
      "-fvisibility-inlines-hidden",
    ],
    "kernel_include_dirs": ["../../kernels", "../../kernels/include"],
    "avx512_flags": [
      "-mavx512f",
      "-mavx512dq",
      "-mavx512bw",
      "-mavx512vl",
      "-mavx512cd",
      "-mf16c",
      "-mfma",
      "-mprefer-vector-width=512",
    ],
  },
  "target_defaults": {
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags!": ["-fno-exceptions"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "CLANG_CXX_LIBRARY": "libc++",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "13.0",
    },
  },
  "targets": [
    # One static library per instruction set: its flags must not reach code that runs before the CPU was asked.
    {
      "target_name": "kernels_scalar",
      "type": "static_library",
      "sources": ["../../kernels/cpu/targets/scalar.cc"],
      "include_dirs": ["<@(kernel_include_dirs)"],
      "cflags_cc": ["<@(kernel_flags)"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"]},
    },
    {
      "target_name": "addon",
      "dependencies": ["kernels_scalar"],
      "sources": ["<!@(node inputs.mjs sources)"],
      "include_dirs": [
        "..",
        "../runtime",
        "<@(kernel_include_dirs)",
        "<!(node inputs.mjs node-addon-api)",
        "<(onnxruntime_headers)",
      ],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["<@(kernel_flags)", "-include", "<(module_root_dir)/weak_napi.h"],
      "conditions": [
        # The other machine's builds say that they are absent.
        ["target_arch=='x64'", {
          "dependencies": ["kernels_amx", "kernels_avx2", "kernels_avx512"],
          "sources": ["../../kernels/cpu/targets/neon.cc"],
        }],
        ["target_arch=='arm64'", {
          "dependencies": ["kernels_neon"],
          "sources": [
            "../../kernels/cpu/targets/amx.cc",
            "../../kernels/cpu/targets/avx2.cc",
            "../../kernels/cpu/targets/avx512.cc",
          ],
        }],
        ["OS=='linux'", {
          # No newer libstdc++ than the one that is linked in is asked of the user's machine, and nothing of it is exported.
          "ldflags": [
            "-static-libstdc++",
            "-static-libgcc",
            "-Wl,--version-script=<(module_root_dir)/exports.map",
            "-Wl,--gc-sections",
          ],
          "libraries": ["-ldl", "-lpthread"],
        }],
        ["OS=='mac'", {
          "xcode_settings": {
            "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "-include", "<(module_root_dir)/weak_napi.h"],
            "OTHER_LDFLAGS": ["-Wl,-exported_symbols_list,<(module_root_dir)/exports.txt"],
          },
        }],
      ],
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "variables": {"isa_flags": ["-mavx2", "-mfma", "-mf16c"]},
          "sources": ["../../kernels/cpu/targets/avx2.cc"],
          "include_dirs": ["<@(kernel_include_dirs)"],
          "cflags_cc": ["<@(kernel_flags)", "<@(isa_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(isa_flags)"]},
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["../../kernels/cpu/targets/avx512.cc"],
          "include_dirs": ["<@(kernel_include_dirs)"],
          "cflags_cc": ["<@(kernel_flags)", "<@(avx512_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(avx512_flags)"]},
        },
        {
          # Of the shared headers it takes what it needs.
          "target_name": "kernels_amx",
          "type": "static_library",
          "variables": {"amx_flags": ["-mavx512bf16", "-mamx-tile", "-mamx-bf16", "-Wno-unused-function"]},
          "sources": ["../../kernels/cpu/targets/amx.cc"],
          "include_dirs": ["<@(kernel_include_dirs)"],
          "cflags_cc": ["<@(kernel_flags)", "<@(avx512_flags)", "<@(amx_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(avx512_flags)", "<@(amx_flags)"]},
        },
      ],
    }],
    ["target_arch=='arm64'", {
      "targets": [
        {
          "target_name": "kernels_neon",
          "type": "static_library",
          "sources": ["../../kernels/cpu/targets/neon.cc"],
          "include_dirs": ["<@(kernel_include_dirs)"],
          "cflags_cc": ["<@(kernel_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"]},
        },
      ],
    }],
  ],
}
