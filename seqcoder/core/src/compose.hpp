// Walks over walks: what an interval of a relative's sequence is in base space.
//
// A relative walk speaks of several spaces; here its items become pieces of base space, and the
// substitutions that come along with a parent's sequence are collected.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

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
    Zeroed<std::uint8_t> counts_;
};

/// A copied base that other genomes substitute.
struct Site {
    Index position;
    /// The difference that comes along, or 0.
    Index have;
    std::uint8_t seen;
};

/// Bit k tells whether byte k is not 0, of the 64 from `at` on.
inline std::uint64_t nonzero_of(const std::uint8_t* at) {
#if defined(__AVX2__)
    const auto* both = reinterpret_cast<const __m256i*>(at);
    const auto zeros = [](const __m256i* half) {
        const __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256(half), _mm256_setzero_si256());
        return static_cast<std::uint32_t>(_mm256_movemask_epi8(same));
    };
    return ~(std::uint64_t{zeros(both + 1)} << 32 | zeros(both));
#else
    constexpr std::uint64_t low = 0x7F7F7F7F7F7F7F7F;
    std::uint64_t mask = 0;
    for (int k = 0; k < 8; ++k) {
        const std::uint64_t word = load_word(at + 8 * k);
        const std::uint64_t some =
            (((word & low) + low) | word) & ~low;  // its top bit for each byte
        mask |= ((some >> 7) * 0x0102040810204080 >> 56) << (8 * k);
    }
    return mask;
#endif
}

/// Write which of the `n` bytes from `at` on are not 0 to `out`, which has room for SPARE more;
/// returns how many.
inline constexpr std::size_t SPARE = 4;
inline std::size_t find_nonzero(const std::uint8_t* at, std::uint32_t n, std::uint32_t* out) {
    std::uint32_t* next = out;
    for (std::uint32_t i = 0; i < n; i += 64) {
        std::uint64_t mask;
        if (n - i >= 64) {
            mask = nonzero_of(at + i);
        } else {
            std::uint8_t rest[64] = {};
            std::memcpy(rest, at + i, n - i);
            mask = nonzero_of(rest);
        }
        const int count = std::popcount(mask);
        // Most often there are few: so many are written without asking how many there are.
        std::uint32_t* one = next;
        const auto write = [&] {
            *one++ = i + static_cast<std::uint32_t>(std::countr_zero(mask));
            mask &= mask - 1;
        };
        for (std::size_t k = 0; k < SPARE; ++k) write();
        while (mask) write();
        next += count;
    }
    return static_cast<std::size_t>(next - out);
}

/// Call visit(site) for all sites, in order, until it returns false.
template <typename Visit>
void for_each_site(const Composed& genome, const Alleles& alleles, Visit visit) {
    constexpr Index most = 4096;  // bases looked through at a time
    std::array<std::uint32_t, most + SPARE> found;
    const Substitution* along = genome.along.data();
    const Substitution* const end = along + genome.along.size();
    for (std::size_t p = 0; p < genome.pieces.size(); ++p) {
        const Piece& piece = genome.pieces[p];
        if (genome.novel[p]) continue;
        for (Index i = 0; i < piece.length; i += most) {
            const Index n = std::min(most, piece.length - i);
            const bool reverse = piece.reverse != 0;
            const std::uint8_t* const counts =
                alleles.from(piece.start + (reverse ? piece.length - i - n : i));
            const std::size_t size =
                find_nonzero(counts, static_cast<std::uint32_t>(n), found.data());
            // Position of the genome that `counts` begins (backwards: ends) with.
            const Index begin = piece.begin() + i + (reverse ? n - 1 : 0);
            for (std::size_t k = 0; k < size; ++k) {
                const std::uint32_t at = found[reverse ? size - 1 - k : k];
                const Index position = reverse ? begin - at : begin + at;
                while (along != end && along->position < position) ++along;
                Index have = 0;
                if (along != end) {
                    const bool here = along->position == position;
                    have = here ? along->difference : 0;
                    along += here;
                }
                if (!visit(Site{position, have, counts[at]})) return;
            }
        }
    }
}

}  // namespace seqcoder
