// The index of sampled k-mers that finds where a genome repeats what is already known.
//
// A direct-mapped table of 2^bits uint32: the slot of a canonical k-mer holds one plus the place
// in the text of the k-mer last written there, 0 for none. Nothing else is stored: a hit is
// verified on the text itself. The text is sampled at every `step`-th position and looked up at
// every one, so any exact repeat of SEED_LENGTH + step - 1 bases is seen, on either strand, unless
// its slot was taken.
#pragma once

#include <algorithm>

#include "text.hpp"

namespace seqcoder {

inline constexpr Index SEED_LENGTH = 16;
/// Steps in base space, and in the sequences that are indexed for one genome only: those of its
/// parents and its own, in which little is found that base space does not show.
inline constexpr Index SEED_STEP = 8;
inline constexpr Index SPARSE_STEP = 16;

struct SeedTable {
    std::uint32_t* slots;
    /// 64 - the number of bits of a slot, 32..63.
    int shift;

    /// Slot of the k-mer of 2-bit codes `forward` and, its reverse complement, `backward`.
    std::uint64_t slot(std::uint64_t forward, std::uint64_t backward) const {
        constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
        const std::uint64_t key = std::min(forward, backward) * odd;
        return (key ^ key >> 29) * odd >> shift;
    }
};

/// Enter the k-mers of text[start, stop) that begin at multiples of `step`, over what is there.
void insert_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table);

/// Enter the k-mers of text[start, stop) that begin at multiples of `step` into free slots.
void insert_new_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table);

}  // namespace seqcoder
