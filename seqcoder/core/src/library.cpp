#include "library.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

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
    for (unsigned i = 0; i < 64; ++i) {
        for (const bool opposite : {false, true}) {
            GeneticCode::Letters& some = code.after[opposite][i >> 4];
            const u8 letter = code.letter[(opposite ? code.backward : code.forward)[i]];
            if (std::find(some.letter, some.letter + some.count, letter) ==
                some.letter + some.count)
                some.letter[some.count++] = letter;  // at most sixteen codons begin alike
        }
    }
    return code;
}

const GeneticCode& genetic_code() {
    static const GeneticCode code = standard_code();
    return code;
}

Library::Library(const u8* residues, size_t size, const u32* counts)
    : residues_(size + 2 * WINDOW), counts_(LIBRARY_TABLES * LIBRARY_CONTEXTS, 0) {
    u8* const begin = residues_.data();
    std::fill_n(begin, WINDOW, GAP);
    for (size_t i = 0; i < size; ++i) begin[i + WINDOW] = std::min(residues[i], GAP);
    std::fill_n(begin + WINDOW + size, WINDOW, GAP);
    if (counts != nullptr) std::copy_n(counts, counts_.size(), counts_.begin());
    position_bits_ = static_cast<unsigned>(std::bit_width(residues_.size()));
    position_mask_ = (1u << position_bits_) - 1;  // of at most 29 bits
    build_index();
}

size_t Library::memory() const {
    return residues_.size() + 4 * counts_.size() + 8 * groups_.size() + 4 * entries_.size();
}

/// Visit every position that has a seed before it, with the seed, the last one first.
template <typename Visit>
void Library::from_the_end(Visit visit) const {
    u64 key = 0;
    u32 run = 0;
    const u8* letter = genetic_code().letter;
    for (size_t q = residues_.size(); q-- > 0;) {  // q is the first residue of a seed
        const u32 residue = residues_[q];
        key = key >> 4 | u64{letter[residue]} << (4 * (SEED_SPAN - 1));
        run = residue < GAP ? run + 1 : 0;
        if (run >= SEED_SPAN) visit(static_cast<u32>(q + SEED_SPAN), key & SEED_MASK);
    }
}

namespace {

/// Values dealt into buckets, each a chain of blocks, so that they need not be counted first.
class Buckets {
  public:
    /// At most `most` values are added in all.
    Buckets(size_t buckets, size_t most)
        : values_((buckets + most / BLOCK) * BLOCK),
          after_(buckets + most / BLOCK),
          begun_(buckets) {
        for (size_t bucket = 0; bucket < buckets; ++bucket) next_.push_back(BLOCK * bucket);
    }

    void add(size_t bucket, u64 value) {
        size_t& next = next_[bucket];
        values_[next] = value;
        // A block is begun for each that is full, so there are as many as the constructor made.
        if (++next % BLOCK == 0) [[unlikely]] {
            after_[next / BLOCK - 1] = begun_;
            next = BLOCK * begun_++;
        }
    }

    /// Visit the values of a bucket in order.
    template <typename Visit>
    void for_each(size_t bucket, Visit visit) const {
        const size_t last = next_[bucket] / BLOCK;
        for (size_t block = bucket;; block = after_[block]) {
            const u64* const begin = values_.data() + block * BLOCK;
            const size_t count = block == last ? next_[bucket] % BLOCK : BLOCK;
            for (size_t k = 0; k < count; ++k) visit(begin[k]);
            if (block == last) return;
        }
    }

  private:
    static constexpr size_t BLOCK = 2048;

    Zeroed<u64> values_;
    /// The block that follows one.
    std::vector<size_t> after_;
    size_t begun_;
    /// Where the next value of a bucket goes.
    std::vector<size_t> next_;
};

}  // namespace

/// Seeds are dealt into buckets of neighbouring slots first, so that what is written at random
/// later is a bucket's share, which fits a cache.
void Library::build_index() {
    constexpr unsigned BITS = 14;  // of the slots of a bucket
    constexpr size_t slots = size_t{1} << BITS, buckets = size_t{1} << (SLOT_BITS - BITS);
    Buckets dealt(buckets, residues_.size());
    size_t total = 0;
    from_the_end([&](u32 position, u64 seed) {
        const u32 slot = slot_of(seed);
        const u32 entry = position | tag_of(seed) << position_bits_;
        // The slot of the bucket above the entry.
        dealt.add(slot >> BITS, u64{slot % slots} << 32 | entry);
        ++total;
    });
    groups_ = Zeroed<u64>(slots * buckets / 8);
    entries_ = Zeroed<u32>(total + 16);
    u32 at = 0;
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
        u8 room[slots] = {};  // entries of a slot; then those still to come
        dealt.for_each(bucket, [&](u64 value) {
            u8& count = room[value >> 32];
            count = static_cast<u8>(count + (count < MOST_ENTRIES));
        });
        u32 next[slots];
        for (size_t slot = 0; slot < slots; ++slot) {
            u64& group = groups_[(bucket * slots + slot) / 8];
            if (slot % 8 == 0) group = u64{at} << 32;
            group |= u64{room[slot]} << (4 * (slot % 8));
            next[slot] = at;
            at += room[slot];
        }
        dealt.for_each(bucket, [&](u64 value) {
            const size_t slot = value >> 32;
            if (room[slot] == 0) return;
            --room[slot];
            entries_[next[slot]++] = static_cast<u32>(value);
        });
    }
}

}  // namespace seqcoder
