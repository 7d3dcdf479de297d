#include "compose.hpp"

#include <algorithm>

namespace seqcoder {

namespace {

/// The first piece that ends after `position`.
std::size_t piece_at(std::span<const Piece> pieces, Index position) {
    const auto found = std::upper_bound(pieces.begin(), pieces.end(), position,
                                        [](Index p, const Piece& piece) { return p < piece.end; });
    return static_cast<std::size_t>(found - pieces.begin());
}

/// The first substitution at `position` or after it.
std::size_t substitution_at(std::span<const Substitution> all, Index position) {
    const auto found =
        std::lower_bound(all.begin(), all.end(), position,
                         [](const Substitution& one, Index p) { return one.position < p; });
    return static_cast<std::size_t>(found - all.begin());
}

class Composer {
  public:
    Composer(Index novel, std::span<const WalkView> parents, std::size_t most, Composed& out)
        : novel_(novel), parents_(parents), most_(most), out_(out) {}

    bool add(const Item& item) {
        switch (item.space) {
            case NOVEL:
                add_piece(novel_, item.length, 0, 1);
                novel_ += item.length;
                break;
            case BASE:
                add_piece(item.source, item.length, item.reverse, 0);
                break;
            case SELF:
                // What is copied lies before the item, so it does not grow meanwhile.
                if (!copy(item, [this] { return WalkView{out_.pieces, out_.along}; })) {
                    return false;
                }
                break;
            default: {
                const auto parent = static_cast<std::size_t>(item.space) - PARENT;
                if (!copy(item, [this, parent] { return parents_[parent]; })) return false;
            }
        }
        return out_.pieces.size() <= most_ && out_.along.size() <= most_;
    }

  private:
    void add_piece(Index start, Index length, Index reverse, std::uint8_t novel) {
        at_ += length;
        out_.pieces.push_back({at_, start, length, reverse});
        out_.novel.push_back(novel);
    }

    /// Append what source[item.source, + item.length) is; `walk()` gives it anew whenever asked.
    template <typename Source>
    bool copy(const Item& item, Source walk) {
        const Index a = item.source;
        const Index b = a + item.length;
        const Index begin = at_;
        const std::size_t first = piece_at(walk().pieces, a);
        const std::size_t last = piece_at(walk().pieces, b - 1) + 1;
        const std::size_t lo = substitution_at(walk().substitutions, a);
        const std::size_t hi = substitution_at(walk().substitutions, b);
        if (last - first > most_ || hi - lo > most_) return false;
        for (std::size_t k = 0; k < last - first; ++k) {
            const Piece piece = walk().pieces[item.reverse ? last - 1 - k : first + k];
            const Index skip = std::max<Index>(a - piece.begin(), 0);
            const Index length = std::min(piece.end, b) - piece.begin() - skip;
            const Index start = piece.start + (piece.reverse ? piece.length - skip - length : skip);
            add_piece(start, length, piece.reverse ^ item.reverse, 0);
        }
        const std::size_t before = out_.along.size();
        out_.along.resize(before + (hi - lo));
        const Substitution* const from = walk().substitutions.data() + lo;
        Substitution* const to = out_.along.data() + before;
        for (std::size_t k = 0; k < hi - lo; ++k) {
            // A sequence read backwards gives its substitutions in the opposite order.
            const Substitution one = from[item.reverse ? hi - lo - 1 - k : k];
            const Index offset = item.reverse ? b - 1 - one.position : one.position - a;
            to[k] = {begin + offset, one.difference};
        }
        return true;
    }

    Index novel_;
    std::span<const WalkView> parents_;
    std::size_t most_;
    Composed& out_;
    Index at_ = 0;
};

}  // namespace

bool compose(std::span<const Item> items, Index novel_start, std::span<const WalkView> parents,
             std::size_t most, Composed& out) {
    Composer composer(novel_start, parents, most, out);
    return std::all_of(items.begin(), items.end(),
                       [&](const Item& item) { return composer.add(item); });
}

std::vector<Substitution> combine(std::span<const Substitution> one,
                                  std::span<const Substitution> two) {
    std::vector<Substitution> out;
    out.reserve(one.size() + two.size());
    auto a = one.begin();
    auto b = two.begin();
    while (a != one.end() || b != two.end()) {
        if (b == two.end() || (a != one.end() && a->position < b->position)) {
            out.push_back(*a++);
        } else if (a == one.end() || b->position < a->position) {
            out.push_back(*b++);
        } else {
            const Index difference = a->difference ^ b->difference;
            if (difference) out.push_back({a->position, difference});
            ++a;
            ++b;
        }
    }
    return out;
}

std::vector<Piece> join(std::span<const Piece> pieces) {
    std::vector<Piece> out;
    for (const Piece& piece : pieces) {
        if (!out.empty() && out.back().reverse == piece.reverse) {
            Piece& last = out.back();
            if (piece.reverse ? piece.start + piece.length == last.start
                              : last.start + last.length == piece.start) {
                last.end = piece.end;
                last.start = std::min(last.start, piece.start);
                last.length += piece.length;
                continue;
            }
        }
        out.push_back(piece);
    }
    return out;
}

namespace {

/// Where in base space the pieces of a genome lie that are not novel.
struct Range {
    Index low;
    Index high;

    explicit Range(const Composed& genome) : low(std::numeric_limits<Index>::max()), high(0) {
        for (std::size_t p = 0; p < genome.pieces.size(); ++p) {
            if (genome.novel[p]) continue;
            low = std::min(low, genome.pieces[p].start);
            high = std::max(high, genome.pieces[p].start + genome.pieces[p].length);
        }
    }
    Index size() const { return std::max<Index>(high - low, 0); }
};

}  // namespace

Index Alleles::size_of(const Composed& genome) { return Range(genome).size(); }

void Alleles::count(const Composed& genome, std::span<const WalkView> walks,
                    std::span<const Index> names) {
    const Range range(genome);
    const auto kept = static_cast<Index>(counts_.size());
    const bool inside = range.size() == 0 || (low_ <= range.low && range.high <= low_ + kept);
    if (!inside || !std::includes(names.begin(), names.end(), names_.begin(), names_.end())) {
        // Wider than it must be, for the genomes to come: each has bases behind those before it.
        const Index more = range.size() / 2;
        low_ = std::max<Index>(std::min(range.low, range.high) - more, 0);
        names_.clear();
        const auto size = static_cast<std::size_t>(range.high + more - low_);
        counts_ = {};  // the old ones go first
        some_ = {};
        counts_ = Zeroed<std::uint8_t>(size);
        some_ = Zeroed<std::uint64_t>((size + 63) / 64);
    }
    for (std::size_t i = 0; i < walks.size(); ++i) {
        if (!std::binary_search(names_.begin(), names_.end(), names[i])) add(walks[i]);
    }
    names_.assign(names.begin(), names.end());
}

void Alleles::add(WalkView walk) {
    std::uint8_t* const counts = counts_.data();
    const std::uint64_t size = counts_.size();
    if (size == 0) return;  // no range: its low end is none to reckon from
    auto one = walk.substitutions.begin();
    const auto last = walk.substitutions.end();
    for (const Piece& piece : walk.pieces) {
        if (one == last) return;
        const Index sign = piece.reverse ? -1 : 1;
        const Index origin = piece.place_of(piece.begin()) - low_ - sign * piece.begin();
        for (; one != last && one->position < piece.end; ++one) {
            const auto y = static_cast<std::size_t>(origin + sign * one->position);
            if (y >= size) continue;
            some_[y >> 6] |= std::uint64_t{1} << (y & 63);
            const auto unit = 1u << (2 * (one->difference - 1) & 6);
            const unsigned value = counts[y];
            counts[y] = static_cast<std::uint8_t>(value + ((value & 3 * unit) < 3 * unit) * unit);
        }
    }
}

}  // namespace seqcoder
