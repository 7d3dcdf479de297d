// Which alignment each base is copied from: the cheapest path through the candidates.
#pragma once

#include <span>
#include <vector>

#include "align.hpp"

namespace seqcoder {

/// Costs in 1/256 bit.
struct PathCosts {
    Index novel_base;
    Index new_item;
};

/// From `begin` on, text is copied along segment `segment`, or novel where that is -1.
struct Step {
    Index segment;
    Index begin;
};

struct Path {
    std::vector<Step> steps;
    Index cost;
};

/// What a match and a mismatch in a segment cost, by its share of mismatches.
struct Rates {
    Index match;
    Index mismatch;
};
Rates rates_of(Index length, Index bad);

/// The cheapest path through text[begin, end), `segments` sorted by where they begin.
///
/// Between two events (a segment begins, ends or has a mismatch) all costs grow linearly, so that
/// it never pays to change between states but at events: stretches without are one step.
Path choose(const Base* text, Index begin, Index end, std::span<const Segment> segments,
            PathCosts costs);

}  // namespace seqcoder
