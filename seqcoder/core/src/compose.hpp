// Walks over walks: what an interval of a relative's sequence is in base space.
//
// A relative walk speaks of several spaces; here its items become pieces of base space, and the
// substitutions that come along with a parent's sequence are collected.
#pragma once

#include <cstring>
#include <limits>

#include "walk.hpp"

namespace seqcoder {

/// Spaces: novel bases, base space before the genome, the genome itself, its parents' sequences.
inline constexpr std::size_t NOVEL = 0;
inline constexpr std::size_t BASE = 1;
inline constexpr std::size_t SELF = 2;
inline constexpr std::size_t PARENT = 3;

/// The next `length` bases of a genome are those from `source` on of a space, turned round where
/// `reverse`.
struct Item {
    Index space;
    Index reverse;
    Index source;
    Index length;
};

struct Composed {
    std::vector<Piece> pieces;
    /// Of each piece whether it is novel.
    std::vector<std::uint8_t> novel;
    /// The substitutions that come along.
    std::vector<Substitution> along;
};

/// Turn items into pieces of base space; false where pieces or substitutions are more than `most`.
///
/// Each item lies inside its space: [0, walk.n_bases()) of its parent, what is before it in the
/// genome itself.
bool compose(std::span<const Item> items, Index novel_start, std::span<const WalkView> parents,
             std::size_t most, Composed& out);

/// Merge two ordered lists; differences at one position are XORed, and dropped if that gives 0.
std::vector<Substitution> combine(std::span<const Substitution> one,
                                  std::span<const Substitution> two);

/// Unite pieces that continue one another.
std::vector<Piece> join(std::span<const Piece> pieces);

/// How often the bases of a range of base space are substituted by other genomes: two bits for
/// each of the differences 1, 2, 3 a base, a count stopping at 3.
class Alleles {
  public:
    /// The range is that of the pieces which are not novel.
    explicit Alleles(const Composed& genome);

    /// Bytes that a table for `genome` takes.
    static Index size_of(const Composed& genome);

    /// The pieces are those of a walk; substitutions that are nonsense are counted anyhow.
    void count(WalkView walk);

    /// The counts at `place` of base space; 0 outside the range.
    std::uint8_t at(Index place) const {
        const auto y = static_cast<std::uint64_t>(place - low_);
        return y < counts_.size() ? counts_[y] : std::uint8_t{0};
    }
    /// The counts of the range's places from `place` on, which lies in it.
    const std::uint8_t* from(Index place) const { return counts_.data() + (place - low_); }

  private:
    Index low_;
    std::vector<std::uint8_t> counts_;
};

/// A copied base that other genomes substitute.
struct Site {
    Index position;
    /// The difference that comes along, or 0.
    Index have;
    std::uint8_t seen;
};

/// Call visit(site) for all sites, in order, until it returns false.
template <typename Visit>
void for_each_site(const Composed& genome, const Alleles& alleles, Visit visit) {
    auto along = genome.along.begin();
    const auto site = [&](Index position, std::uint8_t seen) {
        while (along != genome.along.end() && along->position < position) ++along;
        const bool has = along != genome.along.end() && along->position == position;
        return visit(Site{position, has ? along->difference : 0, seen});
    };
    for (std::size_t p = 0; p < genome.pieces.size(); ++p) {
        const Piece& piece = genome.pieces[p];
        if (genome.novel[p]) continue;
        const std::uint8_t* counts = alleles.from(piece.start);
        for (Index i = 0; i < piece.length; i += 8) {
            // Eight counts at once, the genome's first lowest.
            const Index some = std::min<Index>(8, piece.length - i);
            const std::uint8_t* at = counts + (piece.reverse ? piece.length - i - some : i);
            std::uint64_t word = 0;
            if (some == 8) {
                word = load_word(at);
            } else {
                for (Index k = 0; k < some; ++k) word |= std::uint64_t{at[k]} << (8 * k);
            }
            if (word && piece.reverse) word = turn(word) >> (64 - 8 * some);
            while (word) {
                const int k = std::countr_zero(word) & ~7;
                if (!site(piece.begin() + i + k / 8, static_cast<std::uint8_t>(word >> k))) return;
                word &= ~(std::uint64_t{255} << k);
            }
        }
    }
}

}  // namespace seqcoder
