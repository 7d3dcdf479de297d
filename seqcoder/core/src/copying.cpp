#include "copying.hpp"

#include <algorithm>
#include <array>

#include "text.hpp"
#include "twobit.hpp"
#include "varint.hpp"
#include "zeroed.hpp"

namespace seqcoder {

static constexpr Index SEED = 24;
/// Every so many bases a seed is indexed, at most: so any repeat of LEAST bases holds one. Where
/// there are few bases all are: it costs little, and what repeats often is told by its latest copy.
static constexpr Index STEP = 8;
static constexpr Index FEW = Index{1} << 19;
static constexpr Index LEAST = 32;
static constexpr Index AHEAD = 32;
static constexpr std::uint32_t NUMBER = (std::uint32_t{1} << 28) - 1;

namespace {

/// The code of the 24 bases up to the last one rolled in, whichever strand's is lower.
class Rolling {
  public:
    void roll(Base base) {
        forward_ = (forward_ << 2 | base) & ((std::uint64_t{1} << (2 * SEED)) - 1);
        backward_ = backward_ >> 2 | (std::uint64_t{3} - base) << (2 * SEED - 2);
    }
    std::uint64_t code() const { return std::min(forward_, backward_); }

  private:
    std::uint64_t forward_ = 0;
    std::uint64_t backward_ = 0;
};

struct Repeat {
    Index begin = 0;
    Index length = 0;
    Index back = 0;
    bool inverted = false;
};

class Finder {
  public:
    Finder(std::span<const Base> bases, int bits)
        : text_(bases.data()),
          n_(static_cast<Index>(bases.size())),
          shift_(64 - bits),
          table_(std::size_t{1} << bits) {}

    Repeats run();

  private:
    static std::uint64_t hash(std::uint64_t code) { return code * 0x9E3779B97F4A7C15u; }
    std::size_t slot(std::uint64_t hash) const { return static_cast<std::size_t>(hash >> shift_); }
    /// Four further bits of the hash: most seeds of a slot that are others are told by them.
    std::uint32_t tag(std::uint64_t hash) const {
        return static_cast<std::uint32_t>(hash >> (shift_ - 4)) << 28;
    }
    Repeat direct(Index at, Index source) const;
    Repeat inverted(Index at, Index source) const;
    void take(const Repeat& repeat);

    const Base* text_;
    Index n_;
    int shift_;
    Zeroed<std::uint32_t> table_;
    /// The end of the last repeat taken.
    Index anchor_ = 0;
    Repeats found_;
};

/// The repeat through text[at] of what is at `source`, before it; literals may be taken back.
Repeat Finder::direct(Index at, Index source) const {
    const Diagonal d{1, source - at};
    const Index before = matches_back(text_, at, d, std::min(at - anchor_, source));
    const Index after = matches_on(text_, at, d, n_ - at);
    return {at - before, before + after, at - source, false};
}

/// The inverted repeat whose base text[at] pairs with text[source].
Repeat Finder::inverted(Index at, Index source) const {
    // The source reads downwards from text[source]; text[at - k] pairs with text[source + k].
    const Diagonal d{-1, at + source};
    // Going back, the source must stay below the repeat: source + k < at - k.
    const Index room = std::max<Index>((at - source - 1) / 2, 0);
    const Index before = matches_back(text_, at, d, std::min(at - anchor_, room));
    const Index begin = at - before;
    Index after = 0;
    if (source + before < begin) {
        after = matches_on(text_, at, d, std::min(n_ - at, source + 1));
    }
    return {begin, before + after, begin - (source + before), true};
}

/// Write a repeat as a token if that is shorter than what it stands for.
void Finder::take(const Repeat& repeat) {
    const std::size_t size = found_.tokens.size();
    put_varint(found_.tokens, static_cast<std::uint64_t>(repeat.begin - anchor_));
    put_varint(found_.tokens,
               static_cast<std::uint64_t>(repeat.length - 1) << 1 | unsigned{repeat.inverted});
    put_varint(found_.tokens, static_cast<std::uint64_t>(repeat.back));
    if (4 * static_cast<Index>(found_.tokens.size() - size + 1) >= repeat.length) {
        found_.tokens.resize(size);
        return;
    }
    found_.literals.insert(found_.literals.end(), text_ + anchor_, text_ + repeat.begin);
    anchor_ = repeat.begin + repeat.length;
}

Repeats Finder::run() {
    // Hashes are worked out AHEAD bases before they are looked up, and their slots asked for.
    std::array<std::uint64_t, AHEAD> hashes{};
    Rolling seed;
    for (Index x = 0; x < std::min(n_, SEED - 1); ++x) seed.roll(text_[x]);
    const Index last = n_ - SEED;
    const Index step = n_ > FEW ? STEP : 1;
    for (Index i = -AHEAD; i <= last; ++i) {
        std::uint64_t& ahead = hashes[static_cast<std::size_t>(i & (AHEAD - 1))];
        const std::uint64_t here = ahead;
        if (i + AHEAD <= last) {
            seed.roll(text_[i + AHEAD + SEED - 1]);
            ahead = hash(seed.code());
            __builtin_prefetch(&table_[slot(ahead)]);
        }
        if (i < 0) continue;
        // An entry is a tag and 1 + the number of the seed, which is below 2^28; 0: none.
        std::uint32_t& entry = table_[slot(here)];
        if (i >= anchor_ && entry && (entry & ~NUMBER) == tag(here)) {
            const Index source = (static_cast<Index>(entry & NUMBER) - 1) * step;
            Repeat best = direct(i, source);
            if (best.length < SEED) best = inverted(i, source + SEED - 1);
            if (best.length >= LEAST) take(best);
        }
        if (i % step == 0) entry = tag(here) | static_cast<std::uint32_t>(i / step + 1);
    }
    found_.literals.insert(found_.literals.end(), text_ + anchor_, text_ + n_);
    return std::move(found_);
}

}  // namespace

Repeats find_repeats(std::span<const std::uint8_t> bases, int bits) {
    return Finder(bases, bits).run();
}

bool copy_repeats(std::span<const std::uint8_t> tokens, std::span<const std::uint8_t> packed,
                  std::span<std::uint8_t> bases) {
    const std::size_t n = bases.size();
    const std::size_t room = 4 * packed.size();
    std::size_t at = 0;
    std::size_t literal = 0;
    for (std::size_t out = 0; out < n;) {
        const bool token = at < tokens.size();
        std::uint64_t count = n - out;
        std::uint64_t word = 0;
        std::uint64_t back = 0;
        if (token) {
            std::uint64_t before;
            if (!get_varint(tokens, at, before) || !get_varint(tokens, at, word) ||
                !get_varint(tokens, at, back)) {
                return false;
            }
            count = std::min(count, before);
        }
        if (count > room - literal) return false;
        unpack_bases(packed.data(), literal, count, bases.data() + out);
        literal += count;
        out += count;
        if (!token || out == n) continue;
        const std::size_t length = std::min<std::uint64_t>((word >> 1) + 1, n - out);
        if (back < 1 || back > out) return false;
        const std::size_t source = out - back;
        if (word & 1) {
            if (length > source + 1) return false;
            copy_reverse(bases.data() + source + 1 - length, static_cast<Index>(length),
                         bases.data() + out);
        } else if (length <= back) {
            std::copy_n(bases.data() + source, length, bases.data() + out);
        } else {
            // The repeat reads what it writes: a period.
            for (std::size_t i = 0; i < length; ++i) bases[out + i] = bases[source + i];
        }
        out += length;
    }
    return true;
}

}  // namespace seqcoder
