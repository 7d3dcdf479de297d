#include "library.hpp"

#include <algorithm>
#include <string_view>

namespace seqcoder {

static GeneticCode standard_code() {
    constexpr std::string_view letters = "*ACDEFGHIKLMNPQRSTVWY";
    // codons in the order AAA, AAC, AAG, AAT, ACA, ... TTT
    constexpr std::string_view codons =
        "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF";
    GeneticCode code{};
    for (unsigned i = 0; i < 64; ++i) {
        const unsigned x = i >> 4, y = i >> 2 & 3, z = i & 3;
        code.forward[i] = static_cast<u8>(letters.find(codons[i]));
        code.backward[i] = static_cast<u8>(letters.find(codons[63 - 16 * z - 4 * y - x]));
    }
    constexpr std::string_view alike[] = {"LVIM", "C",  "A",  "G",  "ST", "P", "FY",
                                          "W",    "EQ", "DN", "KR", "H",  "*"};
    u8 number = 0;
    for (const std::string_view group : alike) {
        for (const char residue : group) code.letter[letters.find(residue) & 31] = number;
        ++number;
    }
    return code;
}

const GeneticCode& genetic_code() {
    static const GeneticCode code = standard_code();
    return code;
}

Library::Library(const u8* residues, size_t size, const u32* counts)
    : residues_(size + 2 * WINDOW, GAP), counts_(LIBRARY_TABLES * LIBRARY_CONTEXTS, 0) {
    for (size_t i = 0; i < size; ++i) residues_[i + WINDOW] = std::min(residues[i], GAP);
    if (counts != nullptr) std::copy_n(counts, counts_.size(), counts_.begin());
    position_bits_ = static_cast<unsigned>(std::bit_width(residues_.size()));
    position_mask_ = (1u << position_bits_) - 1;  // of at most 29 bits
    build_index();
}

size_t Library::memory() const {
    return residues_.size() + 4 * counts_.size() + 8 * groups_.size() + 4 * entries_.size();
}

/// Visit every position that has a seed before it, with its slot and seed, the last one first;
/// `asked_for` is a table of `bytes` a slot whose lines are asked for sixteen positions ahead.
template <typename Visit>
void Library::from_the_end(const u8* asked_for, size_t bytes, Visit visit) const {
    constexpr size_t WAITING = 16;
    u64 seeds[WAITING] = {};
    u32 positions[WAITING] = {};
    size_t seen = 0, visited = 0;
    u64 key = 0;
    u32 run = 0;
    const u8* letter = genetic_code().letter;
    for (size_t q = residues_.size(); q-- > 0;) {  // q is the first residue of a seed
        const u32 residue = residues_[q];
        if (residue >= GAP) {
            run = 0;
            continue;
        }
        key = key >> 4 | u64{letter[residue]} << (4 * (SEED_SPAN - 1));
        if (++run < SEED_SPAN) continue;
        const u64 seed = key & SEED_MASK;
        if (seen - visited == WAITING) {
            visit(positions[visited % WAITING], slot_of(seeds[visited % WAITING]),
                  seeds[visited % WAITING]);
            ++visited;
        }
        prefetch(asked_for + slot_of(seed) * bytes);
        seeds[seen % WAITING] = seed;
        positions[seen % WAITING] = static_cast<u32>(q + SEED_SPAN);
        ++seen;
    }
    for (; visited < seen; ++visited)
        visit(positions[visited % WAITING], slot_of(seeds[visited % WAITING]),
              seeds[visited % WAITING]);
}

void Library::build_index() {
    constexpr size_t slots = size_t{1} << SLOT_BITS;
    Zeroed<u8> room(slots);  // entries of a slot; then those still to come
    from_the_end(room.data(), 1, [&](u32, u32 slot, u64) {
        room[slot] = static_cast<u8>(room[slot] + (room[slot] < MOST_ENTRIES));
    });
    groups_ = Zeroed<u64>(slots / 8);
    Zeroed<u32> next(slots);
    u32 at = 0;
    for (size_t slot = 0; slot < slots; ++slot) {
        if (slot % 8 == 0) groups_[slot / 8] = u64{at} << 32;
        groups_[slot / 8] |= u64{room[slot]} << (4 * (slot % 8));
        next[slot] = at;
        at += room[slot];
    }
    entries_ = Zeroed<u32>(size_t{at} + 16);
    const auto* lines = reinterpret_cast<const u8*>(next.data());
    from_the_end(lines, sizeof(u32), [&](u32 position, u32 slot, u64 seed) {
        if (room[slot] == 0) return;
        --room[slot];
        entries_[next[slot]++] = position | tag_of(seed) << position_bits_;
    });
}

}  // namespace seqcoder
