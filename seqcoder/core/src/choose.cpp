#include "choose.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace seqcoder {

static constexpr Index BIT = 256;
static constexpr Index TO_NOVEL = 10 * BIT;
static constexpr Index NEAR = 14 * BIT;
static constexpr Index NEAR_REACH = 4096;
static constexpr Index NEVER = std::numeric_limits<Index>::max();
/// Above any cost of a path: a base costs less than 20 bits, and there are fewer than 2^40.
static constexpr Index UNREACHED = Index{1} << 60;

/// 2^24 times the binary logarithm of p / q, 1 <= q <= p < 2^62, rounded down but for 2^-6 or less.
static Index logarithm(std::uint64_t p, std::uint64_t q) {
    for (; p >> 32; p >>= 1) q >>= 1;
    std::uint64_t x = (p << 31) / std::max<std::uint64_t>(q, 1);  // below 2^63
    const int whole = static_cast<int>(std::bit_width(x)) - 32;
    x >>= whole;  // 2^31 <= x < 2^32, so a square is below 2^64
    Index result = whole;
    for (int bit = 0; bit < 24; ++bit) {
        x = x * x >> 31;
        const int carry = static_cast<int>(x >> 32);
        x >>= carry;
        result = 2 * result + carry;
    }
    return result;
}

Rates rates_of(Index length, Index bad) {
    // The share of mismatches, a little more than counted, between 1/100000 and 2/5.
    auto some = static_cast<std::uint64_t>(2 * bad + 1);
    auto all = static_cast<std::uint64_t>(2 * (length + 40));
    if (5 * some > 2 * all) some = 2, all = 5;
    if (100'000 * some < all) some = 1, all = 100'000;
    constexpr Index which = (Index{13} << 16) * BIT / 10;  // which other base it is: 1.3 bits
    return {logarithm(all, all - some) >> 16, (which + logarithm(all, some)) >> 16};
}

namespace {

/// States are alignments that go on at `t`, and, first, novel. At most this many.
constexpr std::size_t STATES = 24;

class Paths {
  public:
    Paths(const Base* text, Index begin, std::span<const Segment> segments, PathCosts costs)
        : text_(text), segments_(segments), costs_(costs), t_(begin) {
        // Novel has no mismatch and no end.
        segment_[0] = -1;
        cost_[0] = 0;
        begin_[0] = begin;
        before_[0] = node_[0] = -1;
        bad_[0] = end_[0] = NEVER;
        rates_[0] = {costs.novel_base, 0};
    }

    Path run(Index end);

  private:
    std::size_t cheapest() const {
        return static_cast<std::size_t>(std::min_element(cost_.begin(), cost_.begin() + live_) -
                                        cost_.begin());
    }
    void arrive(std::size_t best);
    void change(std::size_t best);
    void depart();
    Index next_event(Index end) const;
    void go_to(Index stop);
    Index node_of(std::size_t state);
    Path path_to(std::size_t state) const;

    const Base* text_;
    std::span<const Segment> segments_;
    PathCosts costs_;
    Index t_;
    std::size_t next_ = 0;
    std::size_t live_ = 1;
    /// The segment the novel state was entered from.
    Index origin_ = -1;
    // Of each state: its segment, the cost of the cheapest path that is in it at t, where that
    // entered it, the node of the state before and its own (-1: none yet), where its next
    // mismatch is and where it ends.
    std::array<Index, STATES> segment_, cost_, begin_, before_, node_, bad_, end_;
    std::array<Rates, STATES> rates_;
    struct Node {
        Step step;
        Index before;
    };
    std::vector<Node> nodes_;
};

/// Take in the segments that begin here; `best` is not put out for them.
void Paths::arrive(std::size_t best) {
    for (; next_ < segments_.size() && segments_[next_].begin <= t_; ++next_) {
        const Segment& segment = segments_[next_];
        if (segment.end <= t_) continue;
        std::size_t at = live_;
        if (live_ == STATES) {
            // Full: of all but the best, the one that ends first makes room.
            Index first = segment.end;
            at = 0;
            for (std::size_t i = 1; i < STATES; ++i) {
                if (i != best && end_[i] < first) {
                    first = end_[i];
                    at = i;
                }
            }
            if (at == 0) continue;
        } else {
            ++live_;
        }
        segment_[at] = static_cast<Index>(next_);
        bad_[at] = t_ + matches_on(text_, t_, segment.diagonal, segment.end - t_);
        end_[at] = segment.end;
        rates_[at] = rates_of(segment.end - segment.begin, segment.bad);
        cost_[at] = UNREACHED;
        begin_[at] = t_;
        before_[at] = node_[at] = -1;
    }
}

Index Paths::node_of(std::size_t state) {
    if (node_[state] < 0) {
        node_[state] = static_cast<Index>(nodes_.size());
        nodes_.push_back({{segment_[state], begin_[state]}, before_[state]});
    }
    return node_[state];
}

/// Enter every state from `best` where that is cheaper than to stay in it.
void Paths::change(std::size_t best) {
    const Index cost = cost_[best];
    const Index from = best > 0 ? segment_[best] : origin_;
    for (std::size_t i = 0; i < live_; ++i) {
        if (cost_[i] <= cost + std::min(TO_NOVEL, NEAR) || i == best) continue;
        Index toll = TO_NOVEL;
        if (i > 0) {
            toll = costs_.new_item;
            if (from >= 0) {
                const Diagonal one = segments_[static_cast<std::size_t>(from)].diagonal;
                const Diagonal two = segments_[static_cast<std::size_t>(segment_[i])].diagonal;
                const Index apart = one.offset - two.offset;
                if (one.sign == two.sign && -NEAR_REACH < apart && apart < NEAR_REACH) toll = NEAR;
            }
        }
        if (cost + toll >= cost_[i]) continue;
        cost_[i] = cost + toll;
        begin_[i] = t_;
        before_[i] = node_of(best);
        node_[i] = -1;
        if (i == 0) origin_ = segment_[best];
    }
}

void Paths::depart() {
    std::size_t keep = 1;
    for (std::size_t i = 1; i < live_; ++i) {
        if (end_[i] <= t_) continue;
        if (keep != i) {
            segment_[keep] = segment_[i];
            cost_[keep] = cost_[i];
            begin_[keep] = begin_[i];
            before_[keep] = before_[i];
            node_[keep] = node_[i];
            bad_[keep] = bad_[i];
            end_[keep] = end_[i];
            rates_[keep] = rates_[i];
        }
        ++keep;
    }
    live_ = keep;
}

/// Where the next segment begins or one has a mismatch (here: the base after it).
Index Paths::next_event(Index end) const {
    Index stop = next_ < segments_.size() ? segments_[next_].begin : end;
    for (std::size_t i = 1; i < live_; ++i) stop = std::min(stop, std::max(bad_[i], t_ + 1));
    return stop;
}

void Paths::go_to(Index stop) {
    for (std::size_t i = 0; i < live_; ++i) {
        if (bad_[i] > t_) {
            cost_[i] += (stop - t_) * rates_[i].match;
        } else {
            cost_[i] += rates_[i].mismatch;
            const Diagonal d = segments_[static_cast<std::size_t>(segment_[i])].diagonal;
            bad_[i] = stop + matches_on(text_, stop, d, end_[i] - stop);
        }
    }
    t_ = stop;
}

Path Paths::path_to(std::size_t state) const {
    Path path{{{segment_[state], begin_[state]}}, cost_[state]};
    for (Index at = before_[state]; at >= 0; at = nodes_[static_cast<std::size_t>(at)].before) {
        path.steps.push_back(nodes_[static_cast<std::size_t>(at)].step);
    }
    std::reverse(path.steps.begin(), path.steps.end());
    return path;
}

Path Paths::run(Index end) {
    while (t_ < end) {
        const std::size_t best = cheapest();
        arrive(best);
        if (live_ > 1) change(best);
        depart();
        go_to(next_event(end));
    }
    return path_to(cheapest());
}

}  // namespace

Path choose(const Base* text, Index begin, Index end, std::span<const Segment> segments,
            PathCosts costs) {
    return Paths(text, begin, segments, costs).run(end);
}

}  // namespace seqcoder
