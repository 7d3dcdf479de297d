// The coded columns of a relative walk: items, substitutions at new places and at sites.
// docs/pangenome.md specifies the contexts. Each function writes or reads, as its coder does.
#pragma once

#include <array>

#include "binary_coder.hpp"
#include "compose.hpp"

namespace seqcoder {

/// Code items one after the other, up to `n` of them.
template <typename Coder>
class ItemCoder {
  public:
    /// sizes: bases of each space (of NOVEL: what there is to come at most; of SELF: unused).
    ItemCoder(Coder& coder, std::span<const Index> sizes, Index n_bases)
        : coder_(coder), sizes_(sizes), n_bases_(n_bases), contexts_(CONTEXTS) {
        offsets_.fill(0);
        signs_.fill(1);
    }

    /// Code `item`; false if it leaves its space or the genome.
    bool code(Item& item);

    /// How many bases the items so far have.
    Index n_bases() const { return at_; }

  private:
    static constexpr std::size_t SPACES = 12;
    static constexpr Index NEAR_LIMIT = Index{1} << 20;
    static constexpr std::size_t NEAR = 16 * SPACES;
    static constexpr std::size_t REVERSE = NEAR + 2 * SPACES;
    static constexpr std::size_t SHIFT = 256;
    static constexpr std::size_t FAR = SHIFT + 2 * LADDER;
    static constexpr std::size_t LENGTH = FAR + LADDER;
    static constexpr std::size_t NEW = LENGTH + 2 * LADDER;
    static constexpr std::size_t CONTEXTS = NEW + LADDER;

    bool code_novel(Item& item);
    bool code_copy(Item& item, std::size_t space);

    Coder& coder_;
    std::span<const Index> sizes_;
    Index n_bases_;
    std::vector<BitContext> contexts_;
    std::array<Index, SPACES> offsets_;
    std::array<Index, SPACES> signs_;
    Index at_ = 0;
    Index novel_ = 0;
    std::size_t before_ = 0;
};

template <typename Coder>
bool ItemCoder<Coder>::code(Item& item) {
    std::size_t node = 1;
    for (int k = 3; k >= 0; --k) {
        const int bit = static_cast<int>(item.space >> k & 1);
        node = 2 * node +
               static_cast<std::size_t>(code_bit(coder_, contexts_[16 * before_ + node], bit));
    }
    const std::size_t space = node - 16;
    // There are at most 3 + 8 spaces, hence fewer than SPACES.
    if (space >= std::min(sizes_.size(), SPACES)) return false;
    item.space = static_cast<Index>(space);
    const bool fits = space == NOVEL ? code_novel(item) : code_copy(item, space);
    before_ = space;
    return fits;
}

template <typename Coder>
bool ItemCoder<Coder>::code_novel(Item& item) {
    item.length = 1 + code_number(coder_, &contexts_[NEW], item.length - 1);
    if (item.length > n_bases_ - at_ || item.length > sizes_[NOVEL] - novel_) return false;
    item.reverse = 0;
    item.source = novel_;
    novel_ += item.length;
    at_ += item.length;
    return true;
}

template <typename Coder>
bool ItemCoder<Coder>::code_copy(Item& item, std::size_t space) {
    const std::size_t fresh = before_ == NOVEL;
    Index sign = item.reverse ? -1 : 1;
    Index offset = sign > 0 ? item.source - at_ : item.source + item.length - 1 + at_;
    // What was read before lay in its space: offsets are sums of two places, below 2^62, and what
    // is added to one of them below is less than 2^41.
    const Index shift = offset - offsets_[space];
    const bool close = sign == signs_[space] && -NEAR_LIMIT < shift && shift < NEAR_LIMIT;
    if (code_bit(coder_, contexts_[NEAR + 2 * space + fresh], close)) {
        const Index folded = code_number(coder_, &contexts_[SHIFT + LADDER * fresh],
                                         Coder::reads ? 0 : (shift << 1) ^ (shift >> 63));
        sign = signs_[space];
        offset = offsets_[space] + ((folded >> 1) ^ -(folded & 1));
    } else {
        sign = code_bit(coder_, contexts_[REVERSE + space], sign < 0) ? -1 : 1;
        const Index first = code_number(
            coder_, &contexts_[FAR], Coder::reads ? 0 : (sign > 0 ? offset + at_ : offset - at_));
        offset = sign > 0 ? first - at_ : first + at_;
    }
    const std::size_t kind = space < PARENT;
    const Index length =
        1 + code_number(coder_, &contexts_[LENGTH + LADDER * kind], item.length - 1);
    const Index source = sign > 0 ? offset + at_ : offset - at_ - length + 1;
    const Index limit = space == SELF ? at_ : sizes_[space];
    if (source < 0 || source > limit - length || length > n_bases_ - at_) return false;
    item.reverse = sign < 0;
    item.source = source;
    item.length = length;
    offsets_[space] = offset;
    signs_[space] = sign;
    at_ += length;
    return true;
}

/// 0..7 for a gap below 4, 8, 16, 32, 64, 128, 1024 or larger.
inline std::size_t bucket_of(Index gap) {
    const auto width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(gap) >> 2));
    return static_cast<std::size_t>(std::min(width, 6) + (gap >= 1024));
}

/// Code substitutions at rising `clocks` below `limit`: pairs of clock and difference 1..3.
///
/// They lie three apart more often than not (third codon positions), so a gap is coded as its
/// remainder by 3, then its quotient. False if a clock is not below the limit.
template <typename Coder>
bool code_gaps(Coder& shared, std::span<Substitution> columns, Index limit) {
    Coder coder = std::move(shared);  // one nobody else knows of: its numbers stay in registers
    constexpr std::size_t DIFFERENCE = 256;
    constexpr std::size_t GAP = 512;
    std::vector<BitContext> contexts(GAP + 24 * LADDER);
    Index last = -1;
    std::size_t bucket = 7;
    std::size_t older = 2;
    std::size_t r1 = 0;
    std::size_t r2 = 0;
    std::size_t before = 0;
    for (Substitution& one : columns) {
        Index gap = one.position - last - 1;
        int r = static_cast<int>(gap % 3);
        BitContext* phase = &contexts[(bucket * 9 + r1 * 3 + r2) * 2];
        r = code_bit(coder, phase[0], r == 2) ? 2 : code_bit(coder, phase[1], r);
        BitContext* ladder = &contexts[GAP + LADDER * (bucket * 3 + older)];
        gap = 3 * code_number(coder, ladder, gap / 3) + r;
        if (gap >= limit - last - 1) return false;
        last += gap + 1;
        BitContext* kind = &contexts[DIFFERENCE + 16 * (r == 2) + 4 * before];
        Index difference = one.difference;
        if (code_bit(coder, kind[0], difference == 2)) {
            difference = 2;
        } else {
            difference = code_bit(coder, kind[1], difference == 3) ? 3 : 1;
        }
        one = {last, difference};
        before = static_cast<std::size_t>(difference);
        older = bucket < 2 ? 0 : (bucket < 6 ? 1 : 2);
        bucket = bucket_of(gap);
        r2 = r1;
        r1 = static_cast<std::size_t>(r);
    }
    shared = std::move(coder);
    return true;
}

/// What a site looks like: the likeliest other base (the common one where ours is special, else the
/// one seen most), and of which kind that is.
struct Outlook {
    std::uint8_t best;
    std::uint8_t kind;
};

/// [256 * what is had + what was seen]
using Outlooks = std::array<Outlook, 4 * 256>;

constexpr Outlooks all_outlooks() {
    Outlooks all{};
    for (unsigned i = 0; i < all.size(); ++i) {
        const auto times = [&](unsigned d) { return i >> (2 * (d - 1)) & 3u; };
        unsigned best = i / 256;
        unsigned kind;
        if (best == 0) {
            best = 1;
            for (const unsigned d : {2u, 3u}) {
                if (times(d) > times(best)) best = d;
            }
            kind = std::max(1u, times(best)) - 1;  // some difference was seen
        } else {
            kind = 2 + std::max(1u, times(best));
        }
        all[i] = {static_cast<std::uint8_t>(best), static_cast<std::uint8_t>(kind)};
    }
    return all;
}
inline constexpr Outlooks OUTLOOKS = all_outlooks();

/// Codes what happens at the sites, some after the other.
template <typename Coder>
class SiteCoder {
  public:
    /// plain: the substitutions elsewhere, known already.
    SiteCoder(Coder coder, std::span<const Substitution> plain)
        : coder_(std::move(coder)), plain_(plain) {
        if (!plain.empty()) after_ = plain[0].position;
    }

    /// Code the changes at `sites`, 0 or a difference 1..3: to be written is what change(site)
    /// gives. Calls found(site, change) for those that are not 0; false as soon as that is.
    template <typename Change, typename Found>
    bool code(std::span<const Site> sites, Change change, Found found);

    Coder finish() { return std::move(coder_); }

  private:
    static constexpr Index FAR = Index{1} << 62;  // twice that is no overflow

    /// What is known of a site before its change is.
    struct Look {
        std::uint16_t context;  // but for the history
        Outlook outlook;
    };

    void look_at(std::span<const Site> sites);

    Coder coder_;
    std::span<const Substitution> plain_;
    std::size_t next_ = 0;
    /// Positions of the plain substitutions on either side.
    Index before_ = -FAR;
    Index after_ = FAR;
    std::vector<Look> looks_;
    unsigned history_ = 0;
    std::array<BitContext, 6 * 64> changed_;
    std::array<BitContext, 8> likeliest_;
    std::array<BitContext, 8> other_;
};

template <typename Coder>
void SiteCoder<Coder>::look_at(std::span<const Site> sites) {
    looks_.resize(std::max(looks_.size(), sites.size()));
    Look* look = looks_.data();
    for (const Site& site : sites) {
        while (after_ < site.position) {
            before_ = after_;
            ++next_;
            after_ = next_ < plain_.size() ? plain_[next_].position : FAR;
        }
        const Index near = std::min(after_ - site.position, site.position - before_);
        const Outlook outlook = OUTLOOKS[static_cast<std::size_t>(site.have) << 8 | site.seen];
        *look++ = {static_cast<std::uint16_t>(outlook.kind * 64 + bucket_of(near)), outlook};
    }
}

template <typename Coder>
template <typename Change, typename Found>
bool SiteCoder<Coder>::code(std::span<const Site> sites, Change change, Found found) {
    look_at(sites);
    // Here nobody else knows of them: they stay in registers.
    Coder coder = std::move(coder_);
    unsigned history = history_;
    bool goes_on = true;
    for (std::size_t i = 0; i < sites.size() && goes_on; ++i) {
        const Look& look = looks_[i];
        const Index wanted = change(sites[i]);
        const int changes = code_rare_bit(coder, changed_[look.context + 8 * history], wanted != 0);
        history = (2 * history + static_cast<unsigned>(changes)) & 7;
        if (!changes) [[likely]]
            continue;
        const auto [best, kind] = look.outlook;
        Index difference = best;
        if (!code_bit(coder, likeliest_[kind], wanted == best)) {
            const Index lower = best == 1 ? 2 : 1;
            const Index higher = best == 3 ? 2 : 3;
            difference = code_bit(coder, other_[kind], wanted == higher) ? higher : lower;
        }
        goes_on = found(sites[i], difference);
    }
    history_ = history;
    coder_ = std::move(coder);
    return goes_on;
}

}  // namespace seqcoder
