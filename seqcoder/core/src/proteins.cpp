#include "proteins.hpp"

#include "library.hpp"

namespace seqcoder {
namespace {

/// Codons from `begin` on whose classes are `first`, `second`, `third`.
size_t count_codons(const u8* classes, size_t begin, size_t n, u32 first, u32 second, u32 third) {
    size_t i = begin;
    while (n - i >= 3 && classes[i] == first && classes[i + 1] == second && classes[i + 2] == third)
        i += 3;
    return (i - begin) / 3;
}

}  // namespace

std::vector<u8> translate_genes(const u8* bases, const u8* classes, size_t n, size_t shortest) {
    const GeneticCode& code = genetic_code();
    // Codons `k` of the gene at `begin`, which is inside: 3 k + 3 <= n - begin.
    const auto codon_at = [&](size_t begin, size_t k) {
        const u8* base = bases + begin + 3 * k;
        return (base[0] & 3u) << 4 | (base[1] & 3u) << 2 | (base[2] & 3u);
    };
    std::vector<u8> residues;
    for (size_t i = 0; i < n;) {
        const bool forward = classes[i] == 1;
        const size_t codons = forward             ? count_codons(classes, i, n, 1, 2, 3)
                              : (classes[i] == 6) ? count_codons(classes, i, n, 6, 5, 4)
                                                  : 0;
        if (codons >= shortest) {
            for (size_t k = 0; k < codons; ++k)
                residues.push_back(forward ? code.forward[codon_at(i, k)]
                                           : code.backward[codon_at(i, codons - 1 - k)]);
            residues.push_back(GAP);
        }
        i += codons == 0 ? 1 : 3 * codons;
    }
    return residues;
}

}  // namespace seqcoder
