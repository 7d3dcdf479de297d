#include "walk.hpp"

namespace seqcoder {

bool is_walk(WalkView walk, Index space) {
    if (space > MOST_BASES) return false;
    Index at = 0;
    for (const Piece& piece : walk.pieces) {
        // No sum is above 2^61: at and length are at most 2^60.
        if (piece.length < 1 || piece.length > space || piece.start < 0 ||
            piece.start > space - piece.length || piece.end != at + piece.length ||
            piece.end > MOST_BASES) {
            return false;
        }
        at = piece.end;
    }
    Index last = -1;
    for (const Substitution& one : walk.substitutions) {
        if (one.position <= last || one.position >= at || one.difference < 1 ||
            one.difference > 3) {
            return false;
        }
        last = one.position;
    }
    return true;
}

void follow(WalkView walk, const Base* text, Base* out) {
    for (const Piece& piece : walk.pieces) {
        const auto length = static_cast<std::size_t>(piece.length);
        if (piece.reverse) {
            copy_reverse(text + piece.start, piece.length, out + piece.begin());
        } else {
            std::memcpy(out + piece.begin(), text + piece.start, length);
        }
    }
    for (const Substitution& one : walk.substitutions) {
        out[one.position] = static_cast<Base>(out[one.position] ^ one.difference);
    }
}

}  // namespace seqcoder
