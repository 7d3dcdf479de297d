// The extension module. The same sources are built as `_portable` and, on x86-64, as `_v3`.
#include "bindings.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace seqcoder {

/// Whether this processor has what code for x86-64-v3 uses.
static bool supports_v3() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/// Genomes are some megabytes each, which malloc takes from the system anew every time, zeroed page
/// by page: that is a fifth of reading a group of them. So it keeps what is freed, up to 64 MB.
static void keep_freed_memory() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

}  // namespace seqcoder

NB_MODULE(CORE_NAME, module) {
    module.def("supports_v3", &seqcoder::supports_v3);
    module.def("keep_freed_memory", &seqcoder::keep_freed_memory);
    seqcoder::bind_fasta(module);
    seqcoder::bind_latent(module);
    seqcoder::bind_network(module);
    seqcoder::bind_pangenome(module);
    seqcoder::bind_copying(module);
    seqcoder::bind_sketches(module);
    seqcoder::bind_mixing(module);
    seqcoder::bind_training(module);
    seqcoder::bind_twobit(module);
    seqcoder::bind_walks(module);
}
