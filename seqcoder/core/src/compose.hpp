// Walks over walks: what an interval of a relative's sequence is in base space.
//
// A relative walk speaks of several spaces; here its items become pieces of base space, and the
// substitutions that come along with a parent's sequence are collected.
#pragma once

#include <bit>
#include <limits>

#include "walk.hpp"
#include "zeroed.hpp"

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
///
/// The counts stay from genome to genome: forerunners mostly have forerunners in common.
class Alleles {
  public:
    /// Count the substitutions of `walks`, and of no others, in a range that holds the pieces of
    /// `genome` which are not novel.
    ///
    /// names: of each walk a number of its own, rising. The pieces are those of walks;
    /// substitutions that are nonsense are counted anyhow.
    void count(const Composed& genome, std::span<const WalkView> walks,
               std::span<const Index> names);

    /// Bases in the range of `genome`; its tables have up to 2.3 times as many bytes.
    static Index size_of(const Composed& genome);
    /// Bytes of the tables.
    size_t nbytes() const { return counts_.size() + 8 * some_.size(); }

    /// The counts at `place` of base space; 0 outside the range.
    std::uint8_t at(Index place) const {
        const auto y = static_cast<std::uint64_t>(place - low_);
        return y < counts_.size() ? counts_[y] : std::uint8_t{0};
    }
    /// Call visit(k, counts) for those of the `n` places from `place` on, which lie in the range,
    /// that have any: `k` places after the first one, or, where `reverse`, before the last.
    template <typename Visit>
    void for_each(Index place, Index n, bool reverse, Visit visit) const;

  private:
    void add(WalkView walk);

    Index low_ = 0;
    Zeroed<std::uint8_t> counts_;
    /// A bit for each place, set where there is a count.
    Zeroed<std::uint64_t> some_;
    /// The walks counted.
    std::vector<Index> names_;
};

template <typename Visit>
void Alleles::for_each(Index place, Index n, bool reverse, Visit visit) const {
    const auto first = static_cast<std::size_t>(place - low_);
    const std::size_t last = first + static_cast<std::size_t>(n) - 1;
    const std::uint64_t front = ~std::uint64_t{0} << (first & 63);
    const std::uint64_t back = ~std::uint64_t{0} >> (63 - (last & 63));
    const auto bits_of = [&](std::size_t word) {
        return some_[word] & (word == first >> 6 ? front : ~std::uint64_t{0}) &
               (word == last >> 6 ? back : ~std::uint64_t{0});
    };
    if (reverse) {
        for (std::size_t word = last >> 6; word + 1 > first >> 6; --word) {
            for (std::uint64_t bits = bits_of(word); bits != 0;) {
                const auto top = static_cast<unsigned>(std::bit_width(bits)) - 1;
                bits ^= std::uint64_t{1} << top;
                const std::size_t at = word * 64 + top;
                visit(static_cast<Index>(last - at), counts_[at]);
            }
        }
        return;
    }
    for (std::size_t word = first >> 6; word <= last >> 6; ++word) {
        for (std::uint64_t bits = bits_of(word); bits != 0; bits &= bits - 1) {
            const std::size_t at = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
            visit(static_cast<Index>(at - first), counts_[at]);
        }
    }
}

/// A copied base that other genomes substitute.
struct Site {
    Index position;
    /// The difference that comes along, or 0.
    std::uint8_t have;
    std::uint8_t seen;
};

/// Call visit(sites) for all sites, in order, some thousands at a time, until it returns false.
template <typename Visit>
void for_sites(const Composed& genome, const Alleles& alleles, Visit visit) {
    constexpr Index most = 4096;  // bases looked through at a time
    std::vector<Site> sites(2 * most);
    std::size_t filled = 0;
    const Substitution* along = genome.along.data();
    const Substitution* const end = along + genome.along.size();
    for (std::size_t p = 0; p < genome.pieces.size(); ++p) {
        const Piece& piece = genome.pieces[p];
        if (genome.novel[p]) continue;
        for (Index i = 0; i < piece.length; i += most) {
            const Index n = std::min(most, piece.length - i);
            const bool reverse = piece.reverse != 0;
            const Index start = piece.start + (reverse ? piece.length - i - n : i);
            const Index begin = piece.begin() + i;
            alleles.for_each(start, n, reverse, [&](Index ahead, std::uint8_t seen) {
                const Index position = begin + ahead;
                while (along != end && along->position < position) ++along;
                Index have = 0;
                if (along != end) [[likely]] {
                    // No branch: nobody can foretell it.
                    const Index here = along->position == position;
                    have = along->difference & -here;
                    along += here;
                }
                sites[filled++] = {position, static_cast<std::uint8_t>(have), seen};
            });
            if (filled >= most) {
                if (!visit(std::span<const Site>(sites.data(), filled))) return;
                filled = 0;
            }
        }
    }
    if (filled > 0) visit(std::span<const Site>(sites.data(), filled));
}

}  // namespace seqcoder
