// How far an alignment holds, and where it goes on after an indel.
#pragma once

#include <span>

#include "text.hpp"

namespace seqcoder {

inline constexpr Index EXTEND_PENALTY = 2;
inline constexpr Index EXTEND_DROP = 30;

struct Extension {
    Index length;
    Index score;
    Index bad;
};

/// Follow a diagonal for at most `n` bases, from text[t] on or, `back`, from text[t] downwards:
/// bases, score (mismatches cost EXTEND_PENALTY) and mismatches of the best stretch, looked for
/// until the score is EXTEND_DROP below the best.
Extension extend(const Base* text, Index t, bool back, Diagonal d, Index n);

/// The range of the text, as `edges` cut it, that holds `place`; empty if none but the last does.
struct Range {
    Index begin;
    Index end;
};
Range space_of(std::span<const Index> edges, Index place);

/// Find the diagonal on which the alignment that ends before text[b] goes on after an indel of at
/// most 64 bases: where it holds again (-1: nowhere), and the diagonal's offset.
struct Realigned {
    Index place;
    Index offset;
};
Realigned realign(const Base* text, std::span<const Index> edges, Index end, Diagonal d, Index b);

}  // namespace seqcoder
