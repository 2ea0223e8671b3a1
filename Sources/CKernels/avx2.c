#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#define TILE 3
#define TABLE kernels_avx2
#include "body.inc"
#pragma clang attribute pop
#endif
