// Four floats a register: SSE2 on x86-64, Neon on arm64.
#define LANES 4
#define TILE 2
#define TABLE kernels_portable
#include "body.inc"
