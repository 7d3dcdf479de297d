// Level 1: repeats copied, all else packed at two bits per base (docs/coder.md).
//
// A token is three varints: literals before the repeat; (length - 1) * 2 + inverted; and how far
// back from the repeat's first base its source lies (the source's first base, or the one that
// pairs with the repeat's first if it is inverted).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqcoder {

/// What the bases are told by: tokens, and the bases outside of repeats.
struct Repeats {
    std::vector<std::uint8_t> tokens;
    std::vector<std::uint8_t> literals;
};

/// Find the repeats of at least 32 bases that take fewer bits as tokens, by an index of 2^bits
/// seeds. bases: 0..3, fewer than 2^31.
Repeats find_repeats(std::span<const std::uint8_t> bases, int bits);

/// Fill `bases` by tokens and packed literals; false where these contradict the length.
bool copy_repeats(std::span<const std::uint8_t> tokens, std::span<const std::uint8_t> packed,
                  std::span<std::uint8_t> bases);

}  // namespace seqcoder
