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
    // Without a branch, so that the compiler compares several at once.
    Index last = -1;
    bool wrong = false;
    for (const Substitution& one : walk.substitutions) {
        wrong |= one.position <= last || one.difference < 1 || one.difference > 3;
        last = one.position;
    }
    return !wrong && last < at;
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
