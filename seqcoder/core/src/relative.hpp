// Walks coded against the walks of earlier genomes: what stands behind their heads
// (docs/pangenome.md).
#pragma once

#include "compose.hpp"

namespace seqcoder {

/// What a walk is coded against.
struct Relatives {
    /// Size of base space before the genome's own novel bases.
    Index novel_start;
    std::span<const WalkView> parents;
    /// The parents and theirs, in order. Parents are walks over base space; of these only the
    /// pieces have to be sound.
    std::span<const WalkView> forerunners;
    /// A number of its own for each of the forerunners, rising.
    std::span<const Index> names;
};

struct WrittenWalk {
    std::vector<std::uint8_t> payload;
    Index n_plain;
    Index n_changed;
    Walk walk;
};

/// Write the walk of `bases` along `items`; where these give other bases, substitutions do.
///
/// text: base space, the genome's novel bases included. Each item lies in its space, and together
/// they have as many bases as the genome, novel ones the same; false if not.
///
/// alleles: those counted for an earlier genome of the same base space, or none.
bool write_relative(std::span<const Item> items, std::span<const Base> bases,
                    std::span<const Base> text, const Relatives& relatives, Alleles& alleles,
                    WrittenWalk& out);

enum class ReadStatus {
    sound,
    /// An item leaves its space, or the lengths do not add up.
    bad_item,
    /// A substitution lies outside the genome.
    bad_substitution,
    /// Changed sites are missing or left over.
    bad_sites,
    /// More pieces or substitutions, or a wider range of base space, than the limits allow.
    too_large,
};

/// What the head of a walk says, and what it is read within.
struct WalkHead {
    Index n_items;
    Index n_plain;
    Index n_changed;
    Index n_bases;
    /// Size of base space.
    Index space;
};

struct ReadLimits {
    /// Most pieces, and most substitutions that come along.
    Index pieces;
    /// Most bases of base space from the genome's first to its last.
    Index range;
};

/// Read a walk. Memory is at most some 150 bytes for each piece, item and substitution, and 2.3
/// bytes for each base of the range, which stay in `alleles`.
ReadStatus read_relative(std::span<const std::uint8_t> payload, const WalkHead& head,
                         const Relatives& relatives, ReadLimits limits, Alleles& alleles,
                         Walk& out);

}  // namespace seqcoder
