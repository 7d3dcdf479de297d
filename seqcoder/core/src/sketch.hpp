// FracMinHash sketches: which genomes are relatives, without aligning them.
//
// A sketch keeps the hashes of canonical 21-mers below a limit (Irber et al. 2022, as in sourmash):
// the same ones in every genome that has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqcoder {

inline constexpr int SKETCH_LENGTH = 21;

/// The hashes of the canonical 21-mers of `bases` (0..3) below `limit`, in order of their places.
std::vector<std::uint64_t> sketch_hashes(std::span<const std::uint8_t> bases, std::uint64_t limit);

/// The hashes below `limit` of the stretches of `length` (1 to 16) residues of proteins, in order
/// of their places. Residues are told apart by the letters that seeds are written in; what is no
/// residue ends a protein.
std::vector<std::uint64_t> residue_hashes(std::span<const std::uint8_t> residues,
                                          std::size_t length, std::uint64_t limit);

/// How many values two rising lists share.
std::size_t count_shared(std::span<const std::uint64_t> one, std::span<const std::uint64_t> two);

/// Rising hashes of n genomes, at most `size` of each: genome i has
/// hashes[edges[i], edges[i + 1]). What has fewer than `size` is complete.
struct Sketches {
    std::span<const std::uint64_t> hashes;
    std::span<const std::int64_t> edges;
    std::size_t size;

    std::size_t count() const { return edges.size() - 1; }
    std::span<const std::uint64_t> of(std::size_t genome) const {
        return hashes.subspan(static_cast<std::size_t>(edges[genome]),
                              static_cast<std::size_t>(edges[genome + 1] - edges[genome]));
    }
};

/// The Jaccard index of two sketches, up to the smaller of their limits: the largest hash of a full
/// one.
double jaccard(const Sketches& all, std::size_t one, std::size_t two);

/// `jaccard` of all rows with up to 64 columns: out[rows.size() * columns.size()].
void jaccards(const Sketches& all, std::span<const std::int64_t> rows,
              std::span<const std::int64_t> columns, double* out);

}  // namespace seqcoder
