// The phase model: what every base costs, given the five before it and its codon position.
#pragma once

#include <cstddef>
#include <cstdint>

#include "type_path.hpp"

namespace seqcoder {

/// Words of six bases, the last one in the lowest two bits; a row of counts or costs by class has
/// eight columns, the last one unused.
inline constexpr std::size_t kWords = 4096;
inline constexpr std::size_t kRow = 8;

/// No word costs more in 1/256 bit, so that eight of them fit 16 bits.
inline constexpr unsigned kDearestWord = 32 * 256 - 1;

/// Bases that a chunk may have for counts to fit 32 bits: every base counts twice.
inline constexpr std::size_t kMostBases = std::size_t{1} << 30;

/// Count every word whose bases lie in windows of one type, under the class of its last base, and
/// its reverse complement under the class that the opposite strand has there, which ties the two
/// strands. `counts` is `kWords * kRow` long; windows of type 7 or more are unknown, not counted.
void count_words(const std::uint8_t* bases, std::size_t n, const std::uint8_t* types,
                 std::uint32_t* counts);

/// Code lengths in 1/256 bit (0 to `kDearestWord`) of the last base of every word in every class.
/// Every order's counts are smoothed towards the next lower order's with `prior` counts (1..255).
void word_costs(const std::uint32_t* counts, unsigned prior, std::uint16_t* costs);

/// eight a window, 0 to 2^23 each) where it is not null.
void cheapest_types(const std::uint8_t* bases, std::size_t n, const std::uint16_t* costs,
                    ChangeCosts changes, std::uint8_t* types);

}  // namespace seqcoder
