#include "seeds.hpp"

namespace seqcoder {

/// The 16-bit code of text[at, at + 8), the first base highest.
static std::uint64_t pack_eight(const Base* text) {
    const std::uint64_t word = turn(load_word(text));
#if defined(__BMI2__)
    return _pext_u64(word, 0x0303030303030303u);
#else
    std::uint64_t x = word & 0x0303030303030303u;
    x = (x | x >> 6) & 0x000F000F000F000Fu;
    x = (x | x >> 12) & 0x000000FF000000FFu;
    return (x | x >> 24) & 0xFFFF;
#endif
}

/// The reverse complement of a 16-mer's code.
static std::uint64_t complement(std::uint64_t code) {
    std::uint64_t x = ~code << 32;
    x = (x >> 2 & 0x3333333333333333u) | (x & 0x3333333333333333u) << 2;
    x = (x >> 4 & 0x0F0F0F0F0F0F0F0Fu) | (x & 0x0F0F0F0F0F0F0F0Fu) << 4;
    return turn(x);
}

/// Call `enter(slot, entry)` for every k-mer, its slot's cache line asked for some time before.
template <typename Enter>
static void for_each_seed(const Base* text, Index start, Index stop, Index step, SeedTable table,
                          Enter enter) {
    constexpr Index ahead = 32;
    const Index first = (start + step - 1) / step * step;
    if (first + SEED_LENGTH > stop) return;
    const Index count = (stop - SEED_LENGTH - first) / step + 1;
    std::uint64_t hashes[ahead];
    for (Index done = 0; done < count; done += ahead) {
        const Index some = std::min(ahead, count - done);
        for (Index i = 0; i < some; ++i) {
            // The k-mer's last base is before `stop`.
            const Base* kmer = text + first + (done + i) * step;
            const std::uint64_t code = pack_eight(kmer) << 16 | pack_eight(kmer + 8);
            hashes[i] = SeedTable::hash(code, complement(code));
            __builtin_prefetch(&table.slot(hashes[i]), 1);
        }
        for (Index i = 0; i < some; ++i) {
            enter(table.slot(hashes[i]), table.entry(hashes[i], first + (done + i) * step));
        }
    }
}

void insert_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table) {
    for_each_seed(text, start, stop, step, table,
                  [](std::uint32_t& slot, std::uint32_t entry) { slot = entry; });
}

void insert_new_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table) {
    for_each_seed(text, start, stop, step, table, [](std::uint32_t& slot, std::uint32_t entry) {
        if (slot == 0) slot = entry;
    });
}

}  // namespace seqcoder
