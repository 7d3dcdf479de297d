#include "relative.hpp"

#include "walk_coding.hpp"

namespace seqcoder {

/// Bases of each space; `novel` is how many novel ones there may be.
static std::vector<Index> sizes_of_spaces(const Relatives& relatives, Index novel) {
    std::vector<Index> sizes{novel, relatives.novel_start, 0};
    for (const WalkView& parent : relatives.parents) sizes.push_back(parent.n_bases());
    return sizes;
}

namespace {

/// The copied bases of a genome as a clock: it stands still in what is novel.
class Clock {
  public:
    explicit Clock(std::span<const Item> items) {
        Index at = 0;
        for (const Item& item : items) {
            if (item.space != NOVEL) {
                runs_.push_back({at, ticks_});
                ticks_ += item.length;
            }
            at += item.length;
        }
    }

    Index ticks() const { return ticks_; }

    /// Replace rising positions in copied bases by the clock, or the other way round.
    void to_clocks(std::span<Substitution> all) const { convert<&Run::begin, &Run::tick>(all); }
    void to_positions(std::span<Substitution> all) const { convert<&Run::tick, &Run::begin>(all); }

  private:
    struct Run {
        Index begin;
        Index tick;
    };

    template <Index Run::* from, Index Run::* to>
    void convert(std::span<Substitution> all) const {
        std::size_t run = 0;
        for (Substitution& one : all) {
            while (run + 1 < runs_.size() && runs_[run + 1].*from <= one.position) ++run;
            one.position += runs_[run].*to - runs_[run].*from;
        }
    }

    std::vector<Run> runs_;
    Index ticks_ = 0;
};

}  // namespace

/// Where two sequences differ.
static std::vector<Substitution> differences_of(std::span<const Base> one,
                                                std::span<const Base> two) {
    std::vector<Substitution> out;
    const auto n = static_cast<Index>(one.size());
    for (Index i = 0; i < n;) {
        if (i + 8 <= n) {
            const std::uint64_t word = load_word(one.data() + i) ^ load_word(two.data() + i);
            if (word == 0) {
                i += 8;
                continue;
            }
            i += std::countr_zero(word) >> 3;
        } else if (one[static_cast<std::size_t>(i)] == two[static_cast<std::size_t>(i)]) {
            ++i;
            continue;
        }
        const auto at = static_cast<std::size_t>(i);
        out.push_back({i++, one[at] ^ two[at]});
    }
    return out;
}

/// Part the substitutions: those at sites, and the others. False if one lies in what is novel.
static bool part(std::span<const Substitution> all, const Composed& genome, const Alleles& alleles,
                 std::vector<Substitution>& at_sites, std::vector<Substitution>& plain) {
    std::size_t piece = 0;
    for (const Substitution& one : all) {
        while (genome.pieces[piece].end <= one.position) ++piece;
        if (genome.novel[piece]) return false;
        const bool site = alleles.at(genome.pieces[piece].place_of(one.position)) != 0;
        (site ? at_sites : plain).push_back(one);
    }
    return true;
}

/// Whether items are sound: each inside its space, together as long as the genome.
static bool are_sound(std::span<const Item> items, std::span<const Index> sizes, Index n_bases) {
    Index at = 0;
    Index novel = 0;
    for (const Item& item : items) {
        if (item.space < 0 || static_cast<std::size_t>(item.space) >= sizes.size()) return false;
        const auto space = static_cast<std::size_t>(item.space);
        if (item.length < 1 || item.length > n_bases - at) return false;
        if (space == NOVEL) {
            novel += item.length;
        } else {
            const Index limit = space == SELF ? at : sizes[space];
            if (item.source < 0 || item.source > limit - item.length) return false;
        }
        at += item.length;
    }
    return at == n_bases && novel <= sizes[NOVEL];
}

bool write_relative(std::span<const Item> items, std::span<const Base> bases,
                    std::span<const Base> text, const Relatives& relatives, Alleles& alleles,
                    WrittenWalk& out) {
    const auto n_bases = static_cast<Index>(bases.size());
    const auto novel = static_cast<Index>(text.size()) - relatives.novel_start;
    const std::vector<Index> sizes = sizes_of_spaces(relatives, novel);
    if (!are_sound(items, sizes, n_bases)) return false;
    Composed genome;
    if (!compose(items, relatives.novel_start, relatives.parents, SIZE_MAX, genome)) return false;
    std::vector<Base> composed(bases.size());
    follow({genome.pieces, genome.along}, text.data(), composed.data());
    const std::vector<Substitution> own = differences_of(composed, bases);
    composed = {};
    alleles.count(genome, relatives.forerunners, relatives.names);
    std::vector<Substitution> changes;
    std::vector<Substitution> plain;
    if (!part(own, genome, alleles, changes, plain)) return false;

    BitWriter coder;
    ItemCoder<BitWriter> item_coder(coder, sizes, n_bases);
    for (Item item : items) {
        if (!item_coder.code(item)) return false;
    }
    std::vector<Substitution> gaps = plain;
    const Clock clock(items);
    clock.to_clocks(gaps);
    if (!code_gaps(coder, std::span(gaps), clock.ticks())) return false;
    if (!changes.empty()) {
        SiteCoder<BitWriter> site_coder(std::move(coder), plain);
        auto next = changes.begin();
        const auto change = [&](const Site& site) -> Index {
            const bool here = next != changes.end() && next->position == site.position;
            return here ? (next++)->difference : 0;
        };
        for_sites(genome, alleles, [&](std::span<const Site> sites) {
            return site_coder.code(sites, change, [](const Site&, Index) { return true; });
        });
        coder = site_coder.finish();
    }
    out = {coder.finish(),
           static_cast<Index>(plain.size()),
           static_cast<Index>(changes.size()),
           {join(genome.pieces), combine(genome.along, own)}};
    return true;
}

/// Read what changes at the sites, until it is more than expected.
static std::vector<Substitution> read_sites(BitReader coder, const Composed& genome,
                                            const Alleles& alleles,
                                            std::span<const Substitution> plain,
                                            std::size_t expected) {
    std::vector<Substitution> changes;
    SiteCoder<BitReader> site_coder(coder, plain);
    const auto nothing = [](const Site&) -> Index { return 0; };
    const auto found = [&](const Site& site, Index change) {
        changes.push_back({site.position, change});
        return changes.size() <= expected;
    };
    for_sites(genome, alleles,
              [&](std::span<const Site> sites) { return site_coder.code(sites, nothing, found); });
    return changes;
}

ReadStatus read_relative(std::span<const std::uint8_t> payload, const WalkHead& head,
                         const Relatives& relatives, ReadLimits limits, Alleles& alleles,
                         Walk& out) {
    BitReader coder(payload);
    const std::vector<Index> sizes = sizes_of_spaces(relatives, head.space - relatives.novel_start);
    std::vector<Item> items;
    ItemCoder<BitReader> item_coder(coder, sizes, head.n_bases);
    for (Index i = 0; i < head.n_items; ++i) {
        Item item{};
        if (!item_coder.code(item)) return ReadStatus::bad_item;
        items.push_back(item);
    }
    if (item_coder.n_bases() != head.n_bases) return ReadStatus::bad_item;
    Composed genome;
    if (!compose(items, relatives.novel_start, relatives.parents,
                 static_cast<std::size_t>(limits.pieces), genome) ||
        Alleles::size_of(genome) > limits.range) {
        return ReadStatus::too_large;
    }
    const Clock clock(items);
    std::vector<Substitution> plain(static_cast<std::size_t>(head.n_plain));
    if (!code_gaps(coder, std::span(plain), clock.ticks())) return ReadStatus::bad_substitution;
    clock.to_positions(plain);
    std::vector<Substitution> changes;
    if (head.n_changed > 0) {
        alleles.count(genome, relatives.forerunners, relatives.names);
        const auto expected = static_cast<std::size_t>(head.n_changed);
        changes = read_sites(coder, genome, alleles, plain, expected);
        if (changes.size() != expected) return ReadStatus::bad_sites;
    }
    out = {join(genome.pieces), combine(genome.along, combine(plain, changes))};
    return ReadStatus::sound;
}

}  // namespace seqcoder
