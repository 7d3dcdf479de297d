// First types of a chunk's windows: its long open reading frames.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seqcoder {

/// Give the windows inside the longest open reading frames that hardly overlap their types, all
/// others 0. `bases` are 0..3, `types` has `count_windows(n)` elements. The length that counts as
/// long, at least 300 bases, grows with the chance of a stop codon failing to turn up in random
/// sequence of this composition, so that chunks rich in GC are not flooded.
void open_frame_types(const std::uint8_t* bases, std::size_t n, std::uint8_t* types);

}  // namespace seqcoder
