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
        for (Index i = 0; i < piece.length;) {
            // Eight bases none of which is a site are passed over at once.
            const Index at = piece.reverse ? piece.length - 1 - i : i;
            if (i + 8 <= piece.length && load_word(counts + (piece.reverse ? at - 7 : at)) == 0) {
                i += 8;
                continue;
            }
            for (Index k = std::min<Index>(i + 8, piece.length); i < k; ++i) {
                const std::uint8_t seen = counts[piece.reverse ? piece.length - 1 - i : i];
                if (seen && !site(piece.begin() + i, seen)) return;
            }
        }
    }
}

}  // namespace seqcoder
