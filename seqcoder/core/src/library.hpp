// The protein library: residues of known proteins, and an index of where each seed of them occurs.
#pragma once

#include <vector>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "zeroed.hpp"

namespace seqcoder {

/// Residues are numbered in the order of "*ACDEFGHIKLMNPQRSTVWY"; a gap ends a protein.
inline constexpr u8 GAP = 31;
inline constexpr u32 RESIDUES = 21;

/// A seed is ten residues, in an alphabet of thirteen letters that each stand for residues much
/// alike; those where the pattern has a 1 must agree. Letters have 4 bits each in a key.
inline constexpr u32 SEED_SPAN = 10;
inline constexpr u64 KEY_MASK = (u64{1} << (4 * SEED_SPAN)) - 1;
inline constexpr u64 SEED_MASK = 0xFF0FF0FFFF;  // 1101101111

/// Seeds are indexed and looked up where the fifth of their residues has a letter of this set: C,
/// G, P, FY, W, DN or H, those that change least. So only a third of them need to be.
inline constexpr u32 ANCHORS = 0x0AEA;
inline constexpr u32 ANCHOR = 4;  // residues before it
inline constexpr bool is_anchored(u64 key) {
    return ANCHORS >> (key >> (4 * (SEED_SPAN - 1 - ANCHOR)) & 15) & 1;
}

/// Residues compared at a place; as many gaps lie at both ends, so that all of them are inside.
inline constexpr u32 WINDOW = 16;
/// Gaps behind these: 32 residues are read at once.
inline constexpr u32 READ_AHEAD = 16;

/// Context numbers the reader gives are below this, and so many tables of counts begin with a
/// library's.
inline constexpr u32 LIBRARY_CONTEXTS = 1 << 16;
inline constexpr size_t LIBRARY_TABLES = 2;
/// Those of genes beside the library are higher by this.
inline constexpr u32 GENES_CONTEXTS = LIBRARY_CONTEXTS / 2;

struct GeneticCode {
    /// Residue of codon 16 x + 4 y + z, and of that codon read on the opposite strand.
    u8 forward[64];
    u8 backward[64];
    /// Letter of a residue in seeds.
    u8 letter[32];
    /// Letters of the residues that a codon can mean, [opposite strand][first base read].
    struct Letters {
        u8 count;
        u8 letter[16];
    };
    Letters after[2][4];
};
const GeneticCode& genetic_code();

/// Never changes once made, so that any number of threads may read it.
///
/// The index has a slot for every eight residues or so, at most 2^22, chosen by a hash of a seed,
/// each with the first (at most 15) positions that follow an anchored seed of that slot. Eight
/// slots are a group, a word of 64 bits: where its entries begin (32 bits) and how many each slot
/// has (8 times 4 bits). The entries of a group lie in a row; groups may lie apart. An entry is a
/// position, and above it as many bits of the seed as there is
/// room for, so that most entries of other seeds are passed over without a look at the residues.
class Library {
  public:
    static constexpr size_t MOST_RESIDUES = (size_t{1} << 28) - 2 * WINDOW;

    /// `residues` may be any bytes, `size` at most MOST_RESIDUES; `counts` are what the two tables
    /// of contexts begin with (2 * 65536), or none.
    Library(const u8* residues, size_t size, const u32* counts);

    /// Of residues that stay where they are as long as this lives: `text` has room for WINDOW more
    /// before them and WINDOW + READ_AHEAD behind, which become gaps, as do residues above GAP.
    static Library over(u8* text, size_t size, const u32* counts) {
        return Library(Text{text, size}, counts);
    }

    /// Residues, each at most GAP, between WINDOW gaps at both ends.
    const u8* residues() const { return text_; }
    size_t size() const { return inner_size_ + 2 * WINDOW + READ_AHEAD; }
    /// How many there are without the gaps at both ends.
    size_t inner_size() const { return inner_size_; }
    const std::vector<u32>& counts() const { return counts_; }
    size_t memory() const;

    /// Where an anchored seed occurs: entries of which those of `matches` (bit k for entry k, at
    /// most MOST_ENTRIES) have the seed's tag.
    struct Found {
        const u32* entries;
        u32 matches;
    };
    Found find(u64 key) const {
        const u64 seed = key & SEED_MASK;
        const Range range = entries_of(slot_of(seed));
        return {range.first, tagged(range, tag_of(seed))};
    }
    u32 position(u32 entry) const { return entry & position_mask_; }

    /// Ask for the group of a key, or, once it is there, for the entries.
    void prefetch_group(u64 key) const {
        prefetch(groups_.data() + (slot_of(key & SEED_MASK) >> 3));
    }
    void prefetch_entries(u64 key) const { prefetch(entries_of(slot_of(key & SEED_MASK)).first); }

  private:
    static constexpr u32 MOST_ENTRIES = 15;

    struct Range {
        const u32* first;
        u32 count;
    };

    u32 slot_of(u64 seed) const { return static_cast<u32>(seed * HASH >> (64 - slot_bits_)); }
    /// As many bits of another hash as an entry has room for.
    u32 tag_of(u64 seed) const {
        return static_cast<u32>(seed * 0xD6E8FEB86659FD93 >> 32) >> position_bits_;
    }
    Range entries_of(u32 slot) const {
        const u64 group = groups_[slot >> 3];
        const u32 counts = static_cast<u32>(group);
        const unsigned shift = 4 * (slot & 7);
        const u32 before = counts & ((1u << shift) - 1);
        const u32 pairs = (before & 0x0F0F0F0F) + (before >> 4 & 0x0F0F0F0F);
        return {entries_.data() + (group >> 32) + (pairs * 0x01010101u >> 24),
                counts >> shift & 15};
    }
    u32 tagged(Range range, u32 tag) const;
    size_t count_anchors() const;
    template <typename Visit>
    void for_each_seed(Visit visit) const;
    void build_index();

    /// Residues with room around them.
    struct Text {
        u8* begin;
        size_t size;
    };
    Library(Text text, const u32* counts);
    Library(Zeroed<u8>&& text, size_t size, const u32* counts);

    /// What was copied, if anything was: empty where the text is another's.
    Zeroed<u8> copied_;
    u8* text_;
    size_t inner_size_;
    std::vector<u32> counts_;
    unsigned slot_bits_;
    unsigned position_bits_;
    u32 position_mask_;
    Zeroed<u64> groups_;
    Zeroed<u32> entries_;
};

inline u32 Library::tagged(Range range, u32 tag) const {
    u32 found = 0;
#if defined(__AVX2__)
    const __m256i wanted = _mm256_set1_epi32(static_cast<i32>(tag));
    const __m128i bits = _mm_cvtsi32_si128(static_cast<i32>(position_bits_));
    for (u32 k = 0; k < range.count; k += 8) {  // sixteen entries that are none lie at the end
        const auto* eight = reinterpret_cast<const __m256i*>(range.first + k);
        const __m256i tags = _mm256_srl_epi32(_mm256_loadu_si256(eight), bits);
        const __m256i equal = _mm256_cmpeq_epi32(tags, wanted);
        found |= static_cast<u32>(_mm256_movemask_ps(_mm256_castsi256_ps(equal))) << k;
    }
    return found & ((1u << range.count) - 1);
#else
    for (u32 k = 0; k < range.count; ++k)
        found |= u32{range.first[k] >> position_bits_ == tag} << k;
    return found;
#endif
}

}  // namespace seqcoder
