// The protein library: residues of known proteins, and an index of where each seed of them occurs.
#pragma once

#include <vector>

#include "zeroed.hpp"

namespace seqcoder {

/// Residues are numbered in the order of "*ACDEFGHIKLMNPQRSTVWY"; a gap ends a protein.
inline constexpr u8 GAP = 31;
inline constexpr u32 RESIDUES = 21;

/// Residues that must agree before a library protein is followed; 5 bits each make a key.
inline constexpr u32 SEED = 6;
inline constexpr u32 KEY_MASK = (1u << (5 * SEED)) - 1;

/// Context numbers the reader gives are below this, and so many tables of counts begin with a
/// library's.
inline constexpr u32 LIBRARY_CONTEXTS = 1 << 16;
inline constexpr size_t LIBRARY_TABLES = 2;

/// Residue of codon 16 x + 4 y + z, and of that codon read on the opposite strand.
struct GeneticCode {
    u8 forward[64];
    u8 backward[64];
};
const GeneticCode& genetic_code();

/// Never changes once made, so that any number of threads may read it.
///
/// The index has 2^22 slots, chosen by a hash of a seed, each with the last (at most 15) positions
/// that follow a seed of that slot. Eight slots are a group, a word of 64 bits: where its entries
/// begin (32 bits) and how many each slot has (8 times 4 bits). An entry is a position, and above
/// it as many bits of the seed as there is room for, so that most entries of other seeds are
/// passed over without a look at the residues.
class Library {
  public:
    static constexpr size_t MOST_RESIDUES = (size_t{1} << 28) - 2;

    /// `residues` may be any bytes, `size` at most MOST_RESIDUES; `counts` are what the two tables
    /// of contexts begin with (2 * 65536), or none.
    Library(const u8* residues, size_t size, const u32* counts);

    /// Residues between gaps at both ends, each at most GAP.
    const u8* residues() const { return residues_.data(); }
    size_t size() const { return residues_.size(); }
    const std::vector<u32>& counts() const { return counts_; }
    size_t memory() const;

    /// Entries of a seed's slot; those with another tag belong to other seeds.
    struct Found {
        const u32* first;
        const u32* last;
        u32 tag;
    };
    Found find(u32 key) const {
        const u32 slot = slot_of(key);
        const u64 group = groups_[slot >> 3];
        const u32 counts = static_cast<u32>(group);
        const unsigned shift = 4 * (slot & 7);
        const u32 before = counts & ((1u << shift) - 1);
        const u32 pairs = (before & 0x0F0F0F0F) + (before >> 4 & 0x0F0F0F0F);
        const u32* first = entries_.data() + (group >> 32) + (pairs * 0x01010101u >> 24);
        return {first, first + (counts >> shift & 15), tag_of(key)};
    }
    u32 position(u32 entry) const { return entry & position_mask_; }
    u32 tag(u32 entry) const { return entry >> position_bits_; }

    /// Ask for the group of a key, or, once it is there, for the entries.
    void prefetch_group(u32 key) const { prefetch(groups_.data() + (slot_of(key) >> 3)); }
    void prefetch_entries(u32 key) const { prefetch(find(key).first); }

  private:
    static constexpr unsigned SLOT_BITS = 22;
    static constexpr u32 MOST_ENTRIES = 15;

    static u32 slot_of(u32 key) { return static_cast<u32>(key * HASH >> (64 - SLOT_BITS)); }
    u32 tag_of(u32 key) const { return key * 2654435761u >> position_bits_; }
    template <typename Visit>
    void from_the_end(const u8* asked_for, size_t bytes, Visit visit) const;
    void build_index();

    std::vector<u8> residues_;
    std::vector<u32> counts_;
    unsigned position_bits_;
    u32 position_mask_;
    Zeroed<u64> groups_;
    Zeroed<u32> entries_;
};

}  // namespace seqcoder
