// A walk as the core holds it: pieces of base space and substitutions (docs/pangenome.md).
//
// Both are rows of int64 as numpy has them, so that arrays cross the border as they are.
#pragma once

#include <span>
#include <vector>

#include "text.hpp"

namespace seqcoder {

/// Genomes and base spaces are no longer than this, so that sums of two places do not overflow.
inline constexpr Index MOST_BASES = Index{1} << 60;

/// `length` bases of base space from `start` on, turned round where `reverse`, which end in the
/// genome at `end`.
struct Piece {
    Index end;
    Index start;
    Index length;
    Index reverse;

    Index begin() const { return end - length; }
    /// The place in base space that the genome's base at `position`, within the piece, is from.
    Index place_of(Index position) const {
        return reverse ? start + (end - 1 - position) : start + (position - begin());
    }
};

/// The base at `position` of the genome is the one the pieces give XOR `difference`, 1..3.
struct Substitution {
    Index position;
    Index difference;
};

/// A genome's walk, which others are coded against.
struct WalkView {
    std::span<const Piece> pieces;
    std::span<const Substitution> substitutions;

    Index n_bases() const { return pieces.empty() ? 0 : pieces.back().end; }
};

struct Walk {
    std::vector<Piece> pieces;
    std::vector<Substitution> substitutions;
};

/// Whether pieces are those of a walk over [0, space): one after the other from 0 on, none empty,
/// inside the space.
bool are_pieces(std::span<const Piece> pieces, Index space);

/// Whether `walk` is one over [0, space): its substitutions are in order, inside the genome, 1..3,
/// too.
bool is_walk(WalkView walk, Index space);

/// Write text[0, n) to out, the reverse complement where `reverse`.
inline void copy_piece(const Base* text, Index n, bool reverse, Base* out) {
    if (reverse) {
        copy_reverse(text, n, out);
    } else {
        std::memcpy(out, text, static_cast<std::size_t>(n));
    }
}

/// Write the bases of a walk over `text`, its base space, to out[0, walk.n_bases()).
void follow(WalkView walk, const Base* text, Base* out);

}  // namespace seqcoder
