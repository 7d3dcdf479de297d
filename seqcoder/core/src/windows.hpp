// Window types: what one latent says about 24 bases (docs/model.md), and the classes they stand
// for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seqcoder {

/// Bases of a window; a multiple of 3, so that a gene keeps its type from window to window.
inline constexpr std::size_t kStride = 24;

/// Types of a window, and classes of a base: 0 between genes, 1..3 in a gene, 4..6 in one on the
/// reverse strand.
inline constexpr unsigned kTypes = 7;

/// Windows of `n` bases; the last may be short.
constexpr std::size_t count_windows(std::size_t n) { return n / kStride + (n % kStride != 0); }

/// Class of a base at `offset` in a window of `type` (below 7).
constexpr std::uint8_t class_of(unsigned type, std::size_t offset) {
    const unsigned j = static_cast<unsigned>(offset % 3);
    if (type == 0) return 0;
    return static_cast<std::uint8_t>(type < 4 ? 1 + (type - 1 + j) % 3
                                              : 4 + (type - 4 + 3 - j) % 3);
}

/// The integer decoder: classes of `n` bases. A latent counts modulo 7 as an unsigned byte, so that
/// any latents decode; those missing beyond `given` count as 0, those beyond the bases are ignored.
void decode_classes(const std::int8_t* latents, std::size_t given, std::size_t n,
                    std::uint8_t* classes);

}  // namespace seqcoder
