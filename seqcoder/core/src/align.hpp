// Gap-free alignments of a genome to everything known: the candidates a walk is chosen from.
#pragma once

#include <span>
#include <vector>

#include "seeds.hpp"

namespace seqcoder {

/// text[begin, end) along a diagonal, with `bad` mismatches.
struct Segment {
    Index begin;
    Index end;
    Diagonal diagonal;
    Index bad;
    /// Used while segments are looked for: what follows after an indel has not been looked for.
    Index may_realign;
};

/// The segments of text[edges.back(), end), the genome, in no particular order.
///
/// text[edges[i], edges[i + 1]) is space i, indexed in `known` (space 0) or `parents` (the others;
/// the genome is entered there as it goes by).
std::vector<Segment> find_segments(const Base* text, std::span<const Index> edges, Index end,
                                   SeedTable known, SeedTable parents);

}  // namespace seqcoder
