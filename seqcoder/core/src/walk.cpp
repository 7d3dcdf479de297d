#include "walk.hpp"

namespace seqcoder {

bool are_pieces(std::span<const Piece> pieces, Index space) {
    if (space > MOST_BASES) return false;
    Index at = 0;
    for (const Piece& piece : pieces) {
        // No sum is above 2^61: at and length are at most 2^60.
        if (piece.length < 1 || piece.length > space || piece.start < 0 ||
            piece.start > space - piece.length || piece.end != at + piece.length ||
            piece.end > MOST_BASES) {
            return false;
        }
        at = piece.end;
    }
    return true;
}

bool is_walk(WalkView walk, Index space) {
    // Without a branch a substitution, so that the compiler compares several at once.
    Index last = -1;
    bool wrong = false;
    for (const Substitution& one : walk.substitutions) {
        wrong |= one.position <= last || one.difference < 1 || one.difference > 3;
        last = one.position;
    }
    return are_pieces(walk.pieces, space) && !wrong && last < walk.n_bases();
}

void follow(WalkView walk, const Base* text, Base* out) {
    for (const Piece& piece : walk.pieces) {
        copy_piece(text + piece.start, piece.length, piece.reverse != 0, out + piece.begin());
    }
    for (const Substitution& one : walk.substitutions) {
        out[one.position] = static_cast<Base>(out[one.position] ^ one.difference);
    }
}

}  // namespace seqcoder
