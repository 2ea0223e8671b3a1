// mallopt(3), malloc_trim(3) and mallinfo2(3), which Swift's Glibc module leaves out.
#include <malloc.h>
