// Which group a genome belongs to: that of the most similar leader, found by an index of hashes.
#pragma once

#include "sketch.hpp"

namespace seqcoder {

/// The index holds so many smallest hashes of every leader. Two genomes of index 0.02 share 10 of
/// so many: all ten are missed once in 20,000.
inline constexpr std::size_t INDEXED = 250;

/// Return a group for every genome, taken in `order`.
///
/// given: the group a genome is known to be in, or -1; new groups are numbered from `fresh`. A
/// genome goes to the group of the leader of largest index, at least `related`, or leads one. There
/// are fewer than 2^32 / INDEXED genomes.
std::vector<std::int64_t> assign_groups(const Sketches& all, std::span<const std::int64_t> order,
                                        std::span<const std::int64_t> given, double related,
                                        std::int64_t fresh);

}  // namespace seqcoder
