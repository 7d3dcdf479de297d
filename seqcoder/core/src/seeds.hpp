// The index of sampled k-mers that finds where a genome repeats what is already known.
//
// A direct-mapped table of 2^bits uint32: the slot of a canonical k-mer holds one plus the place in
// the text, in units of SEED_STEP, of the k-mer last written there, 0 for none; above that three
// further bits of the k-mer's hash. A hit is verified on the text itself. The text is sampled at
// every `step`-th position and looked up at every one, so any exact repeat of SEED_LENGTH + step -
// 1 bases is seen, on either strand, unless its slot was taken.
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

    /// Hash of the k-mer of 2-bit codes `forward` and, its reverse complement, `backward`.
    static std::uint64_t hash(std::uint64_t forward, std::uint64_t backward) {
        constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
        const std::uint64_t key = std::min(forward, backward) * odd;
        return (key ^ key >> 29) * odd;
    }
    std::uint32_t& slot(std::uint64_t hash) const { return slots[hash >> shift]; }

    /// What is written for a k-mer at `place`, a multiple of SEED_STEP below MOST_TEXT.
    std::uint32_t entry(std::uint64_t hash, Index place) const {
        return tag(hash) | static_cast<std::uint32_t>(place / SEED_STEP + 1);
    }
    /// The place that an entry holds, -1 where there is none or it is another k-mer's.
    Index place(std::uint64_t hash, std::uint32_t entry) const {
        const std::uint32_t number = entry & (TAG - 1);
        if (number == 0 || entry - number != tag(hash)) return -1;
        return (static_cast<Index>(number) - 1) * SEED_STEP;
    }

  private:
    static constexpr std::uint32_t TAG = std::uint32_t{1} << 29;
    std::uint32_t tag(std::uint64_t hash) const {
        return static_cast<std::uint32_t>(hash >> (shift - 3) & 7) * TAG;
    }
};

/// Texts are shorter, so that a place in units of SEED_STEP takes 29 bits.
inline constexpr Index MOST_TEXT = (Index{1} << 32) - SEED_STEP;

/// Enter the k-mers of text[start, stop) that begin at multiples of `step`, one of SEED_STEP, over
/// what is there.
void insert_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table);

/// Enter the k-mers of text[start, stop) that begin at multiples of `step` into free slots.
void insert_new_seeds(const Base* text, Index start, Index stop, Index step, SeedTable table);

}  // namespace seqcoder
