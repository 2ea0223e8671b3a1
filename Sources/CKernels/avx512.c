#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), apply_to = function)
#define LANES 16
#define TILE 4
#define TABLE kernels_avx512
#include "body.inc"
#pragma clang attribute pop
#endif
