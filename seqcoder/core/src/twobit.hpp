// Four bases in a byte: the coding nothing can be worse than (docs/coder.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace seqcoder {

/// Bytes that `n` bases take.
constexpr std::size_t packed_size(std::size_t n) { return (n + 3) / 4; }

/// Pack `n` bases (0..3) into `packed_size(n)` bytes, the first of four in the highest bits.
void pack_bases(const std::uint8_t* bases, std::size_t n, std::uint8_t* packed);

/// Unpack `n` bases from the `first`-th on, of at least `packed_size(first + n)` bytes.
void unpack_bases(const std::uint8_t* packed, std::size_t first, std::size_t n,
                  std::uint8_t* bases);

}  // namespace seqcoder
